const noBlanksAround = { not: { pattern: '\\s+$|^\\s+' } };
const text = { type: 'string', minLength: 1, maxLength: 200, ...noBlanksAround };
const amount = { type: 'number', minimum: 0 };
const date = { type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}$' };

const address = object({
  street: text,
  postalCode: { type: 'string', pattern: '^[A-Z0-9][A-Z0-9 -]{2,9}$' },
  city: text,
  country: { type: 'string', pattern: '^[A-Z]{2}$' },
});

const party = object({
  name: text,
  vatId: { type: 'string', pattern: '^[A-Z]{2}[0-9A-Z]{8,12}$' },
  contact: object({
    name: text,
    email: { type: 'string', maxLength: 254, pattern: '^[^@\\s]+@[^@\\s]+\\.[a-z]{2,}$' },
    phone: { type: 'string', pattern: '^\\+\\d[\\d ]{6,18}$' },
  }),
  address,
});

const line = object({
  position: { type: 'integer', minimum: 1 },
  sku: { type: 'string', pattern: '^[A-Z]{2}-\\d{4}-[A-Z]{2}$' },
  description: text,
  quantity: { type: 'integer', minimum: 1 },
  unit: { enum: ['pcs', 'box', 'kg', 'm'] },
  unitPrice: amount,
  discountPercent: { type: 'number', minimum: 0, maximum: 100 },
  deliveryDate: date,
});

/**
 * A purchase order, as a trading partner's schema describes it.
 *
 * `remarks` has the costly pattern. "No blanks at either end" looks harmless, but a run of n blanks in the *middle* costs n²
 * steps: the engine tries `\s+$` from every blank. Nearly the same pattern took Stack Overflow down on 20 July 2016:
 * https://stackstatus.tumblr.com/post/147710624694/outage-postmortem-july-20-2016
 */
export const orderSchema = object({
  number: { type: 'string', pattern: '^PO-\\d{4}-\\d{5}$' },
  issuedOn: date,
  currency: { type: 'string', pattern: '^[A-Z]{3}$' },
  buyer: party,
  supplier: party,
  shipTo: address,
  lines: { type: 'array', minItems: 1, items: line },
  totals: object({ net: amount, vat: amount, gross: amount }),
  remarks: { type: 'string', maxLength: 500_000, ...noBlanksAround },
});

function object(properties) {
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false };
}

// node generate.js: writes the four light documents and the heavy document, the same documents every time.
import { writeFileSync } from 'node:fs';
import { BLANK_LINE } from './index.js';

const SEED = 20261123;
const random = mulberry32(SEED);

const COMPANIES = [
  ['Nordlicht Bürobedarf GmbH', 'DE', 'Hafenstraße', 'Hamburg', '20457', 'nordlicht-buero.example', '+49 40 '],
  ['Atelier Moreau SARL', 'FR', 'Rue des Tanneurs', 'Lyon', '69002', 'atelier-moreau.example', '+33 4 '],
  ['Vega Industrial S.A.', 'ES', 'Calle de la Industria', 'Zaragoza', '50014', 'vega-industrial.example', '+34 976 '],
  ['Lindqvist & Berg AB', 'SE', 'Storgatan', 'Göteborg', '411 38', 'lindqvist-berg.example', '+46 31 '],
  ['Van der Meer Logistiek BV', 'NL', 'Keizersgracht', 'Amsterdam', '1016 DV', 'vdmeer.example', '+31 20 '],
];
const PEOPLE = ['Anna Keller', 'Luc Fournier', 'Marta Ibarra', 'Sven Åkesson', 'Joost de Wit', 'Priya Nair', 'Tom Okafor'];
const PRODUCTS = [
  ['HX', 'Hex bolt M8 x 40, zinc plated', 'box', 18.4], ['CB', 'Copier paper A4, 80 g, 500 sheets', 'box', 4.15],
  ['CH', 'Office chair, adjustable arms', 'pcs', 219], ['LM', 'LED desk lamp, 4000 K', 'pcs', 42.9],
  ['CA', 'Network cable Cat 6A', 'm', 0.89], ['TN', 'Toner cartridge, black, 12,000 pages', 'pcs', 96.5],
  ['ST', 'Steel shelf, 5 levels, 200 kg each', 'pcs', 134], ['GR', 'Granular sorbent for oil', 'kg', 2.35],
];
const COLOURS = ['BK', 'WH', 'GY', 'BL', 'RD'];
const REMARKS = [
  'Please deliver to dock 4 between 07:00 and 11:00.',
  'Partial deliveries are welcome; one invoice per delivery, please.',
  'Pallets are exchanged on delivery. Call the contact one hour ahead.',
  'Replaces our order of last week. Conditions as in the frame contract.',
];

[1, 2, 2, 3].forEach((lineCount, i) => write(`light-${i + 1}.json`, order(lineCount, REMARKS[i])));
write('heavy.json', order(24, printReport(400)));

function order(lineCount, remarks) {
  const [buyer, supplier, warehouse] = shuffled(COMPANIES);
  const lines = Array.from({ length: lineCount }, (_, i) => orderLine(i + 1));
  const net = cents(lines.reduce((sum, line) => sum + line.quantity * line.unitPrice * (1 - line.discountPercent / 100), 0));
  const vat = cents(net * 0.19);
  return {
    number: `PO-2026-${integer(10_000, 99_999)}`,
    issuedOn: date(),
    currency: 'EUR',
    buyer: party(buyer),
    supplier: party(supplier),
    shipTo: address(warehouse),
    lines,
    totals: { net, vat, gross: cents(net + vat) },
    remarks,
  };
}

function orderLine(number) {
  const [prefix, description, unit, price] = pick(PRODUCTS);
  return {
    position: number * 10,
    sku: `${prefix}-${integer(1000, 9999)}-${pick(COLOURS)}`,
    description,
    quantity: integer(1, 60),
    unit,
    unitPrice: cents(price * (0.9 + random() / 5)),
    discountPercent: pick([0, 0, 0, 2.5, 5]),
    deliveryDate: date(),
  };
}

function party(company) {
  const [name, country, , , , domain, dialling] = company;
  const person = pick(PEOPLE);
  return {
    name,
    vatId: `${country}${integer(100_000_000, 999_999_999)}`,
    contact: { name: person, email: `${mailbox(person)}@${domain}`, phone: `${dialling}${integer(1_000_000, 9_999_999)}` },
    address: address(company),
  };
}

function address([, country, street, city, postalCode]) {
  return { street: `${street} ${integer(1, 180)}`, postalCode, city, country };
}

// A clerk pasted a spool file: two printed lines, and between them the form's empty pages, blank-padded to its width.
function printReport(blankLines) {
  return [
    'DELIVERY SCHEDULE 2026-47        WAREHOUSE 03        PRINTED BY SPOOL'.padEnd(132) + '\n',
    BLANK_LINE.repeat(blankLines),
    '*** END OF REPORT ***',
  ].join('');
}

function mailbox(person) {
  return person.toLowerCase().normalize('NFD').replaceAll(/\p{Mark}/gu, '').replaceAll(' ', '.');
}

function date() {
  return `2026-${String(integer(10, 12))}-${String(integer(1, 28)).padStart(2, '0')}`;
}

function cents(value) {
  return Math.round(value * 100) / 100;
}

function integer(from, to) {
  return from + Math.floor(random() * (to - from + 1));
}

function shuffled(list) {
  return list.map((item) => [random(), item]).sort(([a], [b]) => a - b).map(([, item]) => item);
}

function pick(list) {
  return list[integer(0, list.length - 1)];
}

function write(file, document) {
  writeFileSync(new URL(file, import.meta.url), `${JSON.stringify(document, null, 2)}\n`);
}

// Math.random takes no seed.
function mulberry32(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

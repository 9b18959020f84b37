import { carriedRequest } from '../tasks/tenant-store.js';

const tenant = { store: carriedRequest, key: 'tenant' };

/** Options that are no plain data: a key that arrives as `true` is the tenant of the request. */
export function poolOptions({ fairBy, billBy, ...others }) {
  return { maxQueue: 200_000, ...others, ...(fairBy && { fairBy: tenant }), ...(billBy && { billBy: tenant }) };
}

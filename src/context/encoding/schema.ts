import type { StandardSchemaV1 } from '@standard-schema/spec';

import { Array, Promise, String } from '../../node/intrinsics.ts';
import { ownOrOfClass } from '../../node/own-properties.ts';
import type { StoreRecord } from '../stores/store-record.ts';
import { storeError } from './store-errors.ts';

/**
 * Checks a store's plain data against its schema, if it has one.
 * @returns the schema's output, which may differ from its input
 * @throws ContextError (OFFLOOP_CONTEXT)
 */
export function checkSchema(record: StoreRecord, wire: unknown, when: 'captured' | 'restored'): unknown {
  if (record.schema === undefined) return wire;
  const verdict = verdictOf(record, record.schema, wire);
  if (verdict.isValid) return verdict.value;
  const { problem = `its schema refused what was ${when}`, reason, path } = verdict;
  throw storeError(record, path, reason === undefined || record.sensitive ? problem : `${problem}: ${reason}`);
}

type Verdict =
  | { readonly isValid: true; readonly value: unknown }
  | { readonly isValid: false; readonly problem: string | undefined; readonly reason: string | undefined; readonly path: readonly string[] };

/** The schema is the user's, and its result may be anything: a getter in the result may throw, too. */
function verdictOf(record: StoreRecord, schema: StandardSchemaV1, wire: unknown): Verdict {
  try {
    return readVerdict(schema['~standard'].validate(wire));
  } catch (cause) {
    throw storeError(record, [], 'its schema threw', cause);
  }
}

function readVerdict(result: unknown): Verdict {
  if (typeof result !== 'object' || result === null) return invalid('its schema gave no result');
  const [issues, value, then] = ['issues', 'value', 'then'].map((key) => ownOrOfClass(result, key));
  if (typeof then === 'function') {
    // The result is refused, so a rejection of it must not become an unhandled one.
    void Promise.resolve(result).catch(() => undefined);
    return invalid('its schema validates asynchronously, and a store is captured synchronously');
  }
  return issues === undefined ? { isValid: true, value } : readIssue(Array.isArray(issues) ? (issues[0] as Issue) : undefined);
}

function invalid(problem: string): Verdict {
  return { isValid: false, problem, reason: undefined, path: [] };
}

type Issue = { readonly message?: unknown; readonly path?: StandardSchemaV1.Issue['path'] } | null | undefined;

function readIssue(issue: Issue): Verdict {
  const { message = 'no reason given', path = [] } = ownParts(issue ?? {});
  return { isValid: false, problem: undefined, reason: String(message), path: path.map((segment) => String(typeof segment === 'object' ? segment.key : segment)) };
}

function ownParts(issue: NonNullable<Issue>): NonNullable<Issue> {
  return { message: ownOrOfClass(issue, 'message'), path: ownOrOfClass(issue, 'path') } as NonNullable<Issue>;
}

/** What a promise rejects with; that it does not reject is an error of the test. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => { throw new Error(`expected a rejection, got ${String(value)}`); },
    (reason: unknown) => reason,
  );
}

/** Fails instead of waiting for ever: these tests also check whether a call settles at all. */
export async function settled<T>(call: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const never = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => { reject(new Error('the call has not settled after 10 s')); }, 10_000);
  });
  return Promise.race([call, never]).finally(() => { clearTimeout(timer); });
}

/** The error that a call rejects with; the test fails where the call does not reject. */
export async function rejection(call: Promise<unknown>): Promise<unknown> {
  return settled(call.then(
    (value) => { throw new Error(`expected a rejection, got ${String(value)}`); },
    (reason: unknown) => reason,
  ));
}

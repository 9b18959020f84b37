/** What a caller holds of any call: a promise; and what any pool has to keep: its resolve. */
export function start() {
  const waiting = [];
  const settle = () => waiting.splice(0).forEach((resolve, n) => resolve(n + 1));
  return {
    run: () => new Promise((resolve) => {
      if (waiting.push(resolve) === 1) setImmediate(settle);
    }),
  };
}

/** The least that any call costs: a promise for the caller, and its resolve function for the pool. */
export function start() {
  const waiting = [];
  const settle = () => waiting.splice(0).forEach((resolve, n) => resolve(n + 1));
  return {
    run: () => new Promise((resolve) => {
      if (waiting.push(resolve) === 1) setImmediate(settle);
    }),
  };
}

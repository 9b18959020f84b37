const MAX_SHOWN = 10;

/** The calls, their results, and the problems. */
export function print({ count, lost, failed, workers, seconds, warm, end, violations }) {
  const lines = [
    ['tasks', count.calls],
    ['settled', count.settled],
    ['lost', lost],
    ['seconds', seconds?.toFixed(1)],
    ['workers started', workers.started],
    ['spare workers started', workers.sparesStarted],
    ['workers crashed', workers.crashed],
    ['workers replaced', workers.replaced],
    ['faulty tasks', failed],
    ...Object.entries(count.faults).map(([name, n]) => [`  ${name}`, n]),
  ];
  for (const [name, value] of lines) console.log(`${name.padEnd(34)}${format(value)}`);
  console.log(`\n${''.padEnd(34)}${'after a tenth'.padStart(14)}${'at the end'.padStart(14)}`);
  for (const name of Object.keys(warm ?? {})) console.log(`${name.padEnd(34)}${format(warm[name])}${format(end?.[name])}`);
  for (const violation of violations.slice(0, MAX_SHOWN)) console.error('violation:', violation);
  if (violations.length > MAX_SHOWN) console.error(`and ${violations.length - MAX_SHOWN} more`);
}

function format(value) {
  return (typeof value === 'number' ? value.toLocaleString('en') : (value ?? '')).padStart(14);
}

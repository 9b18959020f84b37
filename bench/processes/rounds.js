// node rounds.js, forked: sends how many rounds of `compute` take a millisecond of CPU.
import compute from '../tasks/compute.js';

const ROUNDS = 1_000_000;
const ENOUGH_MS = 150;

roundsPerMs(ENOUGH_MS);
process.send(Math.max(...[1, 2, 3].map(() => roundsPerMs(ENOUGH_MS))));

function roundsPerMs(ms) {
  const startedAt = process.cpuUsage();
  let rounds = 0;
  let cpuMs = 0;
  for (; cpuMs < ms; cpuMs = sinceMs(startedAt)) {
    compute(ROUNDS);
    rounds += ROUNDS;
  }
  return rounds / cpuMs;
}

function sinceMs(startedAt) {
  const { user, system } = process.cpuUsage(startedAt);
  return (user + system) / 1000;
}

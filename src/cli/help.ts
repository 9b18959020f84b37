export const usage = 'usage: offloop run [options] app.js [arguments]    (all options: offloop run --help)';

export const overview = `offloop: find what blocks the event loop

  offloop run [options] app.js [arguments]   run a program, and report what blocks its event loop
  offloop run --help                         the options
  offloop --version
`;

export const runHelp = `usage: offloop run [options] app.js [arguments]
       offloop run [options] -- [flags for node] app.js [arguments]

Runs a program with a watchdog on its event loop. Functions that block are reported on stderr
while they block, and ranked at the end, however the program ends. Loading modules does not count.

  --threshold ms         how long the event loop may be stuck (default 100, at least 10)
  --log stderr|json|off  the log while the program runs (default stderr: text)
  --page [port]          a live page, /health and /metrics, on 127.0.0.1 (default port 7117; 0 takes
                         any free one; --page=host:port is for another address)
  --report file          at the end the report is written to file.html or file.json; %p in the name
                         becomes the process id
  --fail-over ms         exit code 1 if one stall was longer than that, unless the program itself
                         fails; a stall without a CPU, or of a suspended machine, does not count
  --abort-after ms       ends a program whose event loop is stuck for that long, with exit code 70

The exit code, or the signal, is the program's. Processes that it forks have watchdogs of their own,
and are not in the ranking. All options but --fail-over can be set by environment variables instead:
OFFLOOP_THRESHOLD, OFFLOOP_LOG, OFFLOOP_PAGE, OFFLOOP_REPORT, OFFLOOP_ABORT_AFTER.
`;

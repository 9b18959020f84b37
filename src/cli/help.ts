export const usage = 'usage: offloop run [options] app.js [arguments]    (offloop run --help says more)';

export const overview = `offloop: find what blocks the event loop

  offloop run [options] app.js [arguments]   run a program, and say what blocks its event loop
  offloop run --help                         the options
  offloop --version
`;

export const runHelp = `usage: offloop run [options] app.js [arguments]
       offloop run [options] -- [flags for node] app.js [arguments]

Runs a program with a watchdog on its event loop: what blocks it is said on stderr while it is blocked, and
ranked at the end, however that comes about. Loading modules at the start does not count.

  --threshold ms       how long the event loop may be stuck (default 100, at least 10)
  --log stderr|json|off
                       what is said while the program runs (default stderr: text)
  --page [port]        a live page, /health and /metrics, on 127.0.0.1 (default port 7117; 0: any free one;
                       --page=host:port for another address)
  --report file        writes the report to file.html or file.json at the end; %p in it is the process id
  --fail-over ms       exit code 1 when one stall was longer than that, unless the program itself has failed;
                       a process that stood still or got no CPU does not count
  --abort-after ms     ends a program whose event loop is stuck for that long, with exit code 70

The exit code, or the signal, is the program's. Processes that it forks have a watchdog of their own, and are
not in the ranking. Every option but --fail-over can also be set as an environment variable: OFFLOOP_THRESHOLD,
OFFLOOP_LOG, OFFLOOP_PAGE, OFFLOOP_REPORT, OFFLOOP_ABORT_AFTER.
`;

/*
 * The files that nearly every entry of the package needs. The bundler makes one chunk for each set of entries that share files, and each
 * chunk adds about a millisecond to the start of a process and of a worker. Entries that import this file share one chunk instead.
 */
import './errors.ts';
import './home.ts';
import './node/builtins.ts';
import './node/clock.ts';
import './node/intrinsics.ts';
import './node/limit-clock.ts';
import './node/own-properties.ts';
import './node/plain-prototype.ts';
import './node/promises.ts';
import './node/stack-frames.ts';
import './node/time-limit.ts';
import './node/timers.ts';
import './node/warnings.ts';
import './shared/introspection.ts';
import './shared/shared.ts';
import './validation/describe.ts';
import './validation/options.ts';
import './context/carrier.ts';
import './context/carry.ts';
import './context/deadline.ts';
import './context/shown-stores.ts';
import './task/current.ts';
import './task/end-hooks.ts';
import './task/move.ts';
import './task/notices.ts';
import './task/offload.ts';

// Figures and places as text, for the terminal and the page. Plain JavaScript, since the browser gets this file unchanged.

import { stallKinds } from '../../stall-kinds.ts';

/** @import { Frame, Offender, ReportData } from '../../types.ts' */

/** Formats a duration: 9.5 ms, 312 ms, 2.7 s, 5 min 3 s, 2 h 13 min, 3 d 4 h
 * @param {number} ms
 * @returns {string} */
export function duration(ms) {
  if (!(ms > 0)) return '0 ms';
  if (ms < 9.95) return ms < 0.05 ? '<0.1 ms' : `${oneDecimal(ms)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 119_950) return `${oneDecimal(ms / 1000)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return pair(seconds, 60, 'min', 's');
  const minutes = Math.round(seconds / 60);
  return minutes < 1440 ? pair(minutes, 60, 'h', 'min') : pair(Math.round(minutes / 60), 24, 'd', 'h');
}

/** Formats a share: 6.9 %
 * @param {number} share from 0 to 1
 * @returns {string} */
export function percent(share) {
  const value = Math.min(100, share * 100);
  if (!(value > 0)) return '0 %';
  if (value < 0.05) return '<0.1 %';
  return value < 99.95 ? `${value.toFixed(1)} %` : '100 %';
}

/** Formats a count with its noun: 1,234 stalls
 * @param {number} count
 * @param {string} noun
 * @returns {string} */
export function quantity(count, noun) {
  return `${number(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** @param {number} value
 * @returns {string} */
export function number(value) {
  return value.toLocaleString('en');
}

/** "3 stalls blocked the event loop for 4.2 s of 61 s (6.9 %)", or "No stalls: …".
 * @param {ReportData} report
 * @returns {string} */
export function headline({ stalls, blockedMs, since, until }) {
  const span = until - since;
  if (stalls === 0) return `No stalls: nothing blocked the event loop in the ${duration(span)} it was watched`;
  const share = span > 0 ? ` (${percent(blockedMs / span)})` : '';
  return `${quantity(stalls, 'stall')} blocked the event loop for ${duration(blockedMs)} of ${duration(span)}${share}`;
}

/** Whether stacks could be captured.
 * @param {ReportData} report
 * @returns {string} */
export function captureNote({ capture: { mode, reason } }) {
  if (mode === 'live') return 'Stacks were caught live.';
  if (mode === 'starting') return 'Stacks: not yet, the watchdog is still starting.';
  return `No stacks, only the lag is measured${reason ? `: ${reason}` : '.'}`;
}

/** The function that blocked, and the function of Node's or V8's that it had called.
 * @param {Pick<Offender, 'culprit' | 'call' | 'kind' | 'task'>} offender
 * @returns {string} */
export function culpritName({ culprit, call, kind, task }) {
  if (culprit) return call && call !== culprit.function ? `${culprit.function} → ${call}` : culprit.function;
  return call ?? (task ? `task ${task}` : stallKinds[kind].withoutCulprit ?? '(no stack was caught)');
}

/** Formats the place of a frame: src/validate.js:12
 * @param {Frame} frame
 * @param {string} root the working directory
 * @returns {string} */
export function place({ file, line }, root) {
  const short = shortFile(file, root);
  return line > 0 ? `${short}:${line}` : short;
}

/** The kind, and the confidence unless it is `live`.
 * @param {Pick<Offender, 'kind' | 'confidence'>} offender
 * @returns {string} */
export function kindName({ kind, confidence }) {
  if (confidence === 'live') return kind;
  return `${kind}, ${confidence === 'none' ? 'no stack' : confidence}`;
}

/** Formats the number of requests, which are counted up to 1,000.
 * @param {Pick<Offender, 'requests'>} offender
 * @returns {string} */
export function requestCount({ requests }) {
  return requests < 1000 ? number(requests) : '1,000+';
}

/** Formats a time in the reader's time zone, as fine or coarse as steps of so many seconds need: 14:02:11
 * @param {number} at epoch ms
 * @param {number} [step]
 * @returns {string} */
export function clock(at, step = 1) {
  if (step >= 86_400) return new Date(at).toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });
  /** @type {Intl.DateTimeFormatOptions} */
  const time = { hour: '2-digit', minute: '2-digit' };
  if (step < 60) time.second = '2-digit';
  if (step < 1) time.fractionalSecondDigits = 3;
  return new Date(at).toLocaleTimeString('en-GB', time);
}

/** Formats a span of time: Mon, 23 Nov 2026, 14:02:11 to 14:03:12
 * @param {number} since
 * @param {number} until
 * @returns {string} */
export function timeSpan(since, until) {
  const [from, to] = [since, until].map(date);
  return `${from}, ${clock(since)} to ${from === to ? '' : `${to}, `}${clock(until)}`;
}

/** @param {string} file
 * @param {string} root */
function shortFile(file, root) {
  const start = root.length + (/[/\\]$/.test(root) ? 0 : 1);
  if (root !== '' && file.startsWith(root) && /[/\\]/.test(file[start - 1] ?? '')) return file.slice(start);
  const dependencies = Math.max(file.lastIndexOf('/node_modules/'), file.lastIndexOf('\\node_modules\\'));
  return dependencies === -1 ? file : file.slice(dependencies + 1);
}

/** @param {number} value */
function oneDecimal(value) {
  return value.toFixed(1).replace('.0', '');
}

/** @param {number} value
 * @param {number} size
 * @param {string} unit
 * @param {string} smaller */
function pair(value, size, unit, smaller) {
  const rest = value % size;
  return `${number(Math.floor(value / size))} ${unit}${rest > 0 ? ` ${rest} ${smaller}` : ''}`;
}

/** @param {number} at */
function date(at) {
  return new Date(at).toLocaleDateString('en-GB', { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' });
}

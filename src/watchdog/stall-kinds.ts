/*
 * All that depends on a stall's kind alone. The log, the table, the metrics, the page, `offloop run` and offloop/testing read this
 * table, so that a kind is added here; the compiler then names the advice that is missing (report/advice.ts). monitor/classify.ts
 * decides which kind a stall is of.
 */

/**
 * `javascript`: it computes, and can be interrupted. `native`: it computes in one call that cannot. `blocking-io`: it
 * waits. `gc`: the garbage collector. `starved`: ready to run, with no CPU to run on. `suspended`: the whole process
 * stood still (SIGSTOP, sleep of the machine).
 */
export type StallKind = 'javascript' | 'native' | 'blocking-io' | 'gc' | 'starved' | 'suspended';

type Points = readonly (readonly [x: number, y: number])[];

interface StallKindTraits {
  /** Completes "the event loop …", for the legend and the tooltips of the page. */
  readonly meaning: string;
  /** Whether the program's own code caused the stall. Any other stall fails neither a run (`--fail-over`) nor a test. */
  readonly isProgramsFault: boolean;
  /** Stands where a culprit would, for kinds that no function causes. Kinds without this text can be named by V8's profiler. */
  readonly withoutCulprit?: string;
  /** CSS colours on a light and on a dark page. */
  readonly colours: { readonly light: string; readonly dark: string };
  /** A polygon whose points lie between 0 and 1, since colour alone is not for everybody. */
  readonly shape: Points;
}

const circle: Points = Array.from({ length: 24 }, (_, i) => [0.5 + Math.cos(i * Math.PI / 12) / 2, 0.5 + Math.sin(i * Math.PI / 12) / 2]);
const square: Points = [[0.06, 0.06], [0.94, 0.06], [0.94, 0.94], [0.06, 0.94]];
const diamond: Points = [[0.5, -0.05], [1.05, 0.5], [0.5, 1.05], [-0.05, 0.5]];
const triangle: Points = [[0.5, 0], [1.05, 1], [-0.05, 1]];
const triangleDown: Points = [[-0.05, 0], [1.05, 0], [0.5, 1]];
const cross: Points = [[0, 0.3], [0.3, 0.3], [0.3, 0], [0.7, 0], [0.7, 0.3], [1, 0.3], [1, 0.7], [0.7, 0.7], [0.7, 1], [0.3, 1], [0.3, 0.7], [0, 0.7]];

/** In the order of the metrics and of the page's legend. */
export const stallKinds: Readonly<Record<StallKind, StallKindTraits>> = {
  'javascript': {
    ...{ meaning: 'computed, in JavaScript', isProgramsFault: true },
    ...{ colours: { light: '#d9480f', dark: '#ff922b' }, shape: circle },
  },
  'native': {
    ...{ meaning: 'computed, in one native call', isProgramsFault: true },
    ...{ colours: { light: '#7048e8', dark: '#a48bff' }, shape: square },
  },
  'blocking-io': {
    ...{ meaning: 'waited for a file, a process or a lock', isProgramsFault: true },
    ...{ colours: { light: '#1971c2', dark: '#4dabf7' }, shape: diamond },
  },
  'gc': {
    ...{ meaning: 'collected garbage', isProgramsFault: true, withoutCulprit: '(garbage collection)' },
    ...{ colours: { light: '#2b8a3e', dark: '#69db7c' }, shape: triangle },
  },
  'starved': {
    ...{ meaning: 'was ready to run, and had no CPU', isProgramsFault: false, withoutCulprit: '(no CPU to run on)' },
    ...{ colours: { light: '#c2255c', dark: '#f783ac' }, shape: triangleDown },
  },
  'suspended': {
    ...{ meaning: 'stood still with the whole process', isProgramsFault: false, withoutCulprit: '(the process stood still)' },
    ...{ colours: { light: '#6b7280', dark: '#adb5bd' }, shape: cross },
  },
};

export const kindNames = Object.keys(stallKinds) as readonly StallKind[];

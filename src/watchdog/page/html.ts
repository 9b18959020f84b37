/*
 * page/ is what a browser or a monitoring system gets: the report as one HTML file, the live page with its routes, and the metrics. The
 * modules in client/ run in the browser; the terminal shares their format.js.
 */
import { createHash } from 'node:crypto';

import uplotLicence from 'uplot/LICENSE?raw';
import uplot from 'uplot/dist/uPlot.iife.min.js?raw';
import uplotStyle from 'uplot/dist/uPlot.min.css?raw';

import { reportTable } from '../report/table.ts';
import { kindNames, stallKinds } from '../stall-kinds.ts';
import type { ReportData } from '../types.ts';
import dom from './client/dom.js?raw';
import drawing from './client/drawing.js?raw';
import { headline } from './client/format.js';
import format from './client/format.js?raw';
import kinds from './client/kinds.js?raw';
import main from './client/main.js?raw';
import offenders from './client/offenders.js?raw';
import ranking from './client/ranking.js?raw';
import scales from './client/scales.js?raw';
import summary from './client/summary.js?raw';
import timeline from './client/timeline.js?raw';
import ownStyle from './style.css?raw';

/**
 * The report as one page that needs nothing else: no network, no other file. With `live` the page fetches `./report.json` every
 * second: the data, and in `stuck` the stall that lasts right now.
 */
export function reportPage(data: ReportData, { live = false }: { live?: boolean } = {}): string {
  const { style, library, client } = assets();
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy(live)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(ICON)}">
<title>${escapeHTML(headline(data))} · offloop</title>
<style>${style}</style>
</head>
<body>
<noscript><pre>${escapeHTML(reportTable(data))}</pre></noscript>
<script type="application/json" id="data">${scriptJSON({ report: data, root: process.cwd(), live })}</script>
<script>${library}</script>
<script>${client}</script>
</body>
</html>
`;
}

const ICON = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path d="M13.5 8a5.5 5.5 0 1 1-2-4.2" fill="none" stroke="#0f766e" stroke-width="2.5" stroke-linecap="round"/><circle cx="13" cy="3.6" r="2.2" fill="#d9480f"/></svg>';

/** The inlined assets, put together for the first page. */
function assets() {
  return (inlined ??= {
    style: unix(`${uplotStyle}\n${ownStyle}\n${kindStyle()}`),
    library: unix(`/*!\n${uplotLicence}\n*/\n${uplot}`),
    client: unix(clientScript()),
  });
}

let inlined: Record<'style' | 'library' | 'client', string> | undefined;

/** Replaces CRLF, which an HTML parser does, too: a browser compares the policy with the hash of the parsed text. */
function unix(text: string): string {
  return text.replaceAll('\r\n', '\n');
}

function kindStyle(): string {
  const colours = (scheme: 'light' | 'dark'): string => kindNames.map((kind) => `--${kind}: ${stallKinds[kind].colours[scheme]};`).join(' ');
  return [
    `:root { ${colours('light')} }`,
    `@media (prefers-color-scheme: dark) { :root { ${colours('dark')} } }`,
    ...kindNames.map((kind) => `[data-kind='${kind}'] { background: var(--${kind}); }`),
  ].join('\n');
}

/** The modules of the page share one scope: a page in one file has nothing to import from. */
function clientScript(): string {
  const modules = [format, kinds, dom, summary, drawing, scales, timeline, ranking, offenders, main];
  const bodies = modules.map((source) => source.replace(/^import [^;]*;$/gm, '').replace(/^export /gm, ''));
  return `(() => {\n'use strict';\nconst stallKinds = ${scriptJSON(stallKinds)};\n${bodies.join('\n')}\n})();`;
}

/** Allows no request to another host, and no script but the two of this page, whatever the data contains. */
function policy(live: boolean): string {
  const { style, library, client } = assets();
  return [
    "default-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    'img-src data:',
    `connect-src ${live ? "'self'" : "'none'"}`,
    `style-src ${hash(style)}`,
    `script-src ${hash(library)} ${hash(client)}`,
  ].join('; ');
}

function hash(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

function scriptJSON(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', String.raw`\u003c`);
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escapeHTML(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { onTestFinished } from 'vitest';

/** A span as the fixtures' SDK exports it. */
export interface SpanLine {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | undefined;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly status: { readonly code: number; readonly message?: string };
}

/** The folder to which workers that preload `sdk` export their spans, by `SPANS_FOLDER` in their environment. */
export function spansFolder(): { path: string; sdk: URL; spans(): SpanLine[] } {
  const path = mkdtempSync(join(tmpdir(), 'offloop-spans-'));
  onTestFinished(() => { rmSync(path, { recursive: true }); });
  return {
    path,
    sdk: new URL('../fixtures/otel/sdk.js', import.meta.url),
    spans: () => readdirSync(path).flatMap((name) => readFileSync(join(path, name), 'utf8').split('\n').map((line) => JSON.parse(line) as SpanLine)),
  };
}

import { expect, test } from 'vitest';
import { reportPage } from '../../src/watchdog/page/html.ts';
test('x', () => { const p = reportPage(); console.log(p.length, p.slice(0,50), p.slice(-300)); expect(p).toContain('Sorokin'); });

import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

import { reportPage } from '../../../src/watchdog/page/html.ts';
import type { ReportData } from '../../../src/watchdog/types.ts';
import { isSkipped, launchChromium, title } from './chromium.ts';
import { emptyReport, frame, offender, sampleReport } from '../report/fixtures-report.ts';

test('the page carries its data for other programs, and the licence of what it draws with', () => {
  const html = reportPage(sampleReport());
  const [, json] = /<script type="application\/json" id="data">(.*)<\/script>/.exec(html)!;
  expect(JSON.parse(json!)).toMatchObject({ report: sampleReport(), live: false });
  expect(html).toContain('Copyright (c) 2022 Leon Sorokin');
});

test('the page refers to nothing outside of itself', () => {
  const elements = reportPage(sampleReport()).replaceAll(/(<script[^>]*>|<style>)[^]*?(<\/script>|<\/style>)/g, '');
  expect(elements.match(/(src|href)="(?!data:)[^"]*"/g)).toBe(null);
});

describe.skipIf(isSkipped)(title, () => {
  let browser: Browser;
  let folder: string;
  const pages = new Map<boolean, Page>();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'offloop-page-'));
    browser = await launchChromium();
  });

  afterAll(async () => {
    // `browser` is undefined where the browser could not be started.
    await (browser as Browser | undefined)?.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('the culprit, its place and the cure are seen, with no error and no request', async () => {
    const { page, problems, requests } = await open(sampleReport());
    expect(await page.title()).toBe('21 stalls blocked the event loop for 6.8 s of 61 s (11.1 %) · offloop');
    expect(await page.locator('h1').innerText()).toContain('21 stalls blocked the event loop');
    for (const text of ['validateOrder → RegExp.test', 'src/orders/validate.js:12', 'offload(import.meta', '"r-17"']) {
      expect(await page.locator('body').innerText()).toContain(text);
    }
    expect(await page.locator('tbody tr').count()).toBe(5);
    expect(problems).toEqual([]);
    expect(requests).toEqual([page.url()]);
  });

  test('the table has headers for its columns and its rows', async () => {
    const { page } = await open(sampleReport());
    expect(await page.locator('th[scope=col]').allInnerTexts()).toEqual(['#', 'Culprit', 'Kind', 'Share', 'Total', 'Count', 'p50', 'Max', 'Requests']);
    expect(await page.locator('th[scope=row]').count()).toBe(5);
  });

  test('each kind is drawn in its colour, and named in the legend', async () => {
    const { page } = await open(sampleReport());
    const drawn = await drawnColours(page, ['javascript', 'native', 'blocking-io', 'gc', 'starved']);
    expect(drawn).toEqual({ 'javascript': true, 'native': true, 'blocking-io': true, 'gc': true, 'starved': false });
    expect((await page.locator('.legend li').allInnerTexts()).map((text) => text.replace('\n', ' '))).toEqual(['javascript 4.8 s', 'native 1.5 s', 'blocking-io 260 ms', 'gc 223 ms']);
  });

  test('pointing at a stall names its culprit, a click opens its stack', async () => {
    const { page, problems } = await open(sampleReport());
    const details = page.locator('#offender-4');
    expect(await isOpen(page, 4)).toBe(false);
    const box = (await page.locator('.u-over').boundingBox())!;
    const at = { x: (800 + 130) / 61_000 * box.width, y: box.height / 2 };
    await page.locator('.u-over').hover({ position: at });
    expect(await page.locator('.tooltip').innerText()).toMatch(/loadSettings → readFileSync\s+src\/settings\.js:9\s+260 ms at .*, blocking-io/);
    await page.locator('.u-over').click({ position: at });
    expect(await isOpen(page, 4)).toBe(true);
    expect(await details.innerText()).toContain('await readFile(path)');
    expect(problems).toEqual([]);
  });

  test('zooming in changes what is drawn, and opens nothing', async () => {
    const { page } = await open(sampleReport());
    const box = (await page.locator('.u-over').boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.5, box.y + 80);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.62, box.y + 80, { steps: 4 });
    await page.mouse.up();
    await expect.poll(async () => (await drawnColours(page, ['blocking-io']))['blocking-io']).toBe(false);
    expect(await openOnes(page)).toEqual(['offender-1']);
    await page.getByRole('button', { name: 'Zoom out' }).click();
    await expect.poll(async () => (await drawnColours(page, ['blocking-io']))['blocking-io']).toBe(true);
  });

  test('the worst offender is open, the others open with a click or from the ranking', async () => {
    const { page } = await open(sampleReport());
    expect(await openOnes(page)).toEqual(['offender-1']);
    await page.locator('#offender-2 summary').click();
    await page.locator('tbody a').nth(2).click();
    expect(await openOnes(page)).toEqual(['offender-1', 'offender-2', 'offender-3']);
    expect(await page.locator('#offender-3').innerText()).toContain('renderInvoice (src/billing/invoice.ts:57)');
  });

  test('hostile names, paths and contexts are shown, and do nothing', async () => {
    const { page, problems, requests } = await open(hostileReport());
    const text = await page.locator('body').innerText();
    for (const evil of EVIL) expect(text).toContain(evil);
    expect(text).toContain('__proto__');
    expect(await page.evaluate('globalThis.hacked')).toBe(undefined);
    expect(await page.locator('img, iframe, body script:not([type]) ~ script ~ script').count()).toBe(0);
    expect(problems).toEqual([]);
    expect(requests).toEqual([page.url()]);
  });

  test.each([sampleReport(), emptyReport(), longNames()])('on 400 pixels nothing scrolls sideways (%#)', async (data) => {
    const { page } = await open(data, { width: 400 });
    const [content, view] = await page.evaluate<[number, number]>('[document.documentElement.scrollWidth, innerWidth]');
    expect(content).toBeLessThanOrEqual(view);
  });

  test('the page is dark where the browser prefers dark', async () => {
    const background = async (colorScheme: 'light' | 'dark') => {
      const { page } = await open(sampleReport(), { colorScheme });
      return page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    };
    expect([await background('light'), await background('dark')]).toEqual(['rgb(246, 245, 242)', 'rgb(22, 21, 19)']);
  });

  test('a report without stalls says so, and shows no empty chart or table', async () => {
    const { page, problems } = await open(emptyReport());
    expect(await page.locator('h1').innerText()).toMatch(/No stalls: nothing blocked the event loop/);
    expect(await page.locator('.card:visible').count()).toBe(0);
    expect(problems).toEqual([]);
  });

  test('a report without stacks says why', async () => {
    const { page } = await open(sampleReport({ capture: { mode: 'lag-only', reason: 'no inspector' } }));
    expect(await page.locator('.notice').innerText()).toBe('No stacks, only the lag is measured: no inspector');
  });

  test('without scripts the page shows the table of the terminal', async () => {
    const { page } = await open(hostileReport(), { javaScriptEnabled: false });
    const table = await page.locator('noscript pre').innerText();
    expect(table).toContain('1 stall blocked the event loop');
    expect(table).toContain(EVIL[0]);
  });

  describe('live', () => {
    test('follows the report, and keeps open what was opened', async () => {
      const { page, problems, say } = await openLive(emptyReport());
      expect(await page.locator('h1').innerText()).toContain('No stalls');
      say(sampleReport());
      await page.locator('#offender-2 summary').click();
      const [first, second, ...rest] = sampleReport().offenders;
      say(sampleReport({ offenders: [second!, first!, ...rest] }));
      await page.locator('tbody tr:first-child', { hasText: 'hashPassword' }).waitFor();
      expect(await openOnes(page)).toEqual(['offender-1', 'offender-2']);
      expect(await drawnColours(page, ['native'])).toEqual({ native: true });
      expect(problems).toEqual([]);
    });

    test('shows the stall while it lasts', async () => {
      const { page, say } = await openLive(emptyReport());
      const banner = page.getByRole('alert');
      say({ ...emptyReport(), stuck: { since: Date.now() - 3200, forMs: 3200, where: 'validate (validate.js:12)', context: { request: { requestId: '<img src=x>' } } } });
      await banner.waitFor();
      expect(await banner.innerText()).toContain('Stuck for 3.2 s in validate (validate.js:12)');
      expect(await banner.innerText()).toContain('<img src=x>');
      say({ ...emptyReport(), stuck: null });
      await banner.waitFor({ state: 'hidden' });
    });

    test('shows that the process is gone, and that it is back', async () => {
      const { page, say } = await openLive(sampleReport());
      const notice = page.getByText('The process does not answer.');
      say(undefined);
      await notice.waitFor();
      expect(await page.locator('h1').innerText()).toContain('21 stalls');
      say(emptyReport());
      await notice.waitFor({ state: 'hidden' });
    });
  });

  async function open(data: ReportData, view?: View) {
    const file = join(folder, `${Math.random()}.html`);
    await writeFile(file, reportPage(data));
    return openPage(pathToFileURL(file).href, view);
  }

  /** Opens a live page. `say()` sets the report that the server sends next; with undefined, the server closes the connection instead. */
  async function openLive(data: ReportData) {
    let answer: object | undefined = data;
    const server = createServer((request, response) => {
      if (request.url === '/') response.setHeader('content-type', 'text/html').end(reportPage(data, { live: true }));
      else if (request.url === '/report.json' && answer !== undefined) response.end(JSON.stringify(answer));
      else response.destroy();
    });
    onTestFinished(() => close(server));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const opened = await openPage(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    return { ...opened, say: (next: object | undefined) => (answer = next) };
  }

  async function openPage(url: string, { width = 1200, colorScheme = 'light', javaScriptEnabled = true }: View = {}) {
    const page = await pageWith(javaScriptEnabled);
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme });
    const problems: string[] = [];
    const requests: string[] = [];
    page.on('console', (message) => problems.push(message.text()));
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('request', (request) => { if (!request.url().startsWith('data:')) requests.push(request.url()); });
    await page.goto(url);
    return { page, problems, requests };
  }

  /** All tests share one page, and each test empties the page at its end: the browser takes a second to open another. */
  async function pageWith(javaScriptEnabled: boolean): Promise<Page> {
    const page = pages.get(javaScriptEnabled) ?? (await browser.newPage({ javaScriptEnabled }));
    pages.set(javaScriptEnabled, page);
    onTestFinished(async () => {
      page.removeAllListeners();
      await page.goto('about:blank');
    });
    return page;
  }
});

interface View {
  readonly width?: number;
  readonly colorScheme?: 'light' | 'dark';
  readonly javaScriptEnabled?: boolean;
}

const EVIL = ['</script><script>hacked = 1</script>', '<img src=x onerror="hacked = 1">', '"><svg onload=hacked=1>', '<!--<script>', '${hacked = 1}'] as const;

function hostileReport(): ReportData {
  const [script, image, svg, comment, template] = EVIL;
  const culprit = frame(script, image, 1, { package: svg, calledFrom: frame(comment, comment, 2) });
  const context = JSON.parse(`{ "__proto__": ${JSON.stringify(svg)}, ${JSON.stringify(image)}: { "__proto__": { "polluted": 1 } } }`) as Record<string, unknown>;
  return sampleReport({
    offenders: [offender({ culprit, boundary: culprit, task: comment, context, stack: [culprit], advice: { action: 'offload', text: `${template} \`${image}\`` } })],
  });
}

function longNames(): ReportData {
  const culprit = frame('validate'.repeat(60), `/${'folder'.repeat(80)}/${'file'.repeat(50)}.js`, 12, { package: 'p'.repeat(200) });
  return sampleReport({ offenders: [offender({ culprit, boundary: culprit, call: 'call'.repeat(50), task: 't'.repeat(300), context: { store: 'x'.repeat(500) }, stack: [culprit] })] });
}

async function isOpen(page: Page, rank: number): Promise<boolean> {
  return (await openOnes(page)).includes(`offender-${rank}`);
}

async function openOnes(page: Page): Promise<string[]> {
  return page.evaluate<string[]>('Array.from(document.querySelectorAll("details[open]"), ({ id }) => id)');
}

/** Tells for each kind whether the canvas has pixels of exactly the kind's colour. */
async function drawnColours(page: Page, kinds: string[]): Promise<Record<string, boolean>> {
  return page.evaluate<Record<string, boolean>>(`(() => {
    const canvas = document.querySelector('canvas');
    const pixels = new Uint32Array(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer);
    const style = getComputedStyle(document.documentElement);
    const pixelOf = (hex) => (0xFF000000 | parseInt(hex.slice(5, 7) + hex.slice(3, 5) + hex.slice(1, 3), 16)) >>> 0;
    return Object.fromEntries(${JSON.stringify(kinds)}.map((kind) => [kind, pixels.includes(pixelOf(style.getPropertyValue('--' + kind).trim()))]));
  })()`);
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

import { existsSync } from 'node:fs';

import { chromium, type Browser } from 'playwright-core';

const places = [
  process.env.CHROMIUM_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

const executablePath = places.find((path) => path !== undefined && existsSync(path));

/** Without a browser the tests of the page are skipped with a warning; where `CI` is set, the tests fail instead. */
export const isSkipped = executablePath === undefined && process.env.CI === undefined;
export const title = isSkipped ? 'in Chromium (SKIPPED: none was found; CHROMIUM_PATH can name one)' : 'in Chromium';

export async function launchChromium(): Promise<Browser> {
  if (executablePath === undefined) throw new Error('No Chromium was found for the tests of the page. Install one, or name it in CHROMIUM_PATH.');
  return chromium.launch({ executablePath, args: ['--no-sandbox'] });
}

if (isSkipped) console.warn(`The watchdog's page was not tested ${title}.`);

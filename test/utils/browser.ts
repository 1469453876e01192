import { accessSync, constants } from 'node:fs';
import { chromium, type Page } from 'playwright-core';

const USUAL_PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A name that the browsers of `openBrowser` find on this machine, and that is not one of a loopback address. */
export const PUBLIC_NAME = 'gateway.test';

/** Chromium, or what is like it: CHROMIUM_PATH, else the first of the usual places. */
export function findChromium(): string | undefined {
  const { CHROMIUM_PATH } = process.env;
  return CHROMIUM_PATH ? CHROMIUM_PATH : USUAL_PLACES.find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export interface OpenPage {
  readonly page: Page;
  /** Addresses outside the page's origin that it asked for, all in vain. */
  readonly strayRequests: readonly string[];
  /** What the browser holds against the page: errors on the console, of the content security policy too, and thrown. */
  readonly complaints: readonly string[];
}

export interface TestBrowser {
  /** Opens an address in a profile of its own. Its origin is all that the page can reach. */
  open(url: string): Promise<OpenPage>;
  close(): Promise<void>;
}

export async function openBrowser(executablePath: string): Promise<TestBrowser> {
  const names = `MAP ${PUBLIC_NAME} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost`;
  const browser = await chromium.launch({ executablePath, args: [...FLAGS, `--host-resolver-rules=${names}`] });
  return {
    async open(url) {
      const { origin } = new URL(url);
      const strayRequests: string[] = [];
      const complaints: string[] = [];
      const context = await browser.newContext({ viewport: { width: 1400, height: 850 } });
      await context.route(
        (address) => address.origin !== origin,
        async (route) => {
          strayRequests.push(route.request().url());
          await route.abort();
        },
      );
      const page = await context.newPage();
      page.on('console', (message) => {
        if (message.type() === 'error') complaints.push(message.text());
      });
      page.on('pageerror', (error) => complaints.push(String(error)));
      await page.goto(url);
      return { page, strayRequests, complaints };
    },
    close: () => browser.close(),
  };
}

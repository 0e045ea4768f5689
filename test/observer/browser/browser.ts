/** One headless browser for all of these tests; a page of its own for each, with everything that its console says. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';

/** In this order; Debian's is what `.ci/run` installs. */
const EXECUTABLES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];
const ARGUMENTS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];

export interface Tab {
  readonly page: Page;
  /** Errors in the console, and what nobody caught. */
  readonly complaints: string[];
}

function executable(): string {
  const found = process.env.CHROMIUM ?? EXECUTABLES.find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new Error(
    'these tests need a Chromium: apt-get install chromium, or say where yours is by the environment variable CHROMIUM',
  );
}

/** To be called inside a `describe`. */
export function browser(): { tab(): Promise<Tab> } {
  let context: BrowserContext;
  let profile: string;
  const pages: Page[] = [];
  before(async () => {
    profile = mkdtempSync(join(tmpdir(), 'beamline-browser-'));
    context = await chromium.launchPersistentContext(profile, {
      executablePath: executable(),
      headless: true,
      viewport: { width: 1480, height: 900 },
      args: ARGUMENTS,
    });
  });
  afterEach(async () => {
    for (const page of pages.splice(0)) await page.close();
  });
  after(async () => {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  });
  return {
    async tab() {
      const page = await context.newPage();
      pages.push(page);
      const complaints: string[] = [];
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
      });
      page.on('pageerror', (error) => complaints.push(error.message));
      return { page, complaints };
    },
  };
}

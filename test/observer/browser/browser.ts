/** One headless browser for all of these tests; a page of its own for each, with everything that its console says. */
import type { Page } from 'playwright-core';
import { chromiumOf, type OpenBrowser, openBrowser } from './chromium.ts';

const MISSING =
  'these tests need a Chromium: apt-get install chromium, or say where yours is by the environment variable CHROMIUM';

export interface Tab {
  readonly page: Page;
  /** Errors in the console, and what nobody caught. */
  readonly complaints: string[];
}

/** To be called inside a `describe`. */
export function browser(): { tab(): Promise<Tab> } {
  let opened: OpenBrowser;
  const pages: Page[] = [];
  before(async () => {
    const executable = chromiumOf(process.env);
    if (executable === undefined) throw new Error(MISSING);
    opened = await openBrowser(executable);
  });
  afterEach(async () => {
    for (const page of pages.splice(0)) await page.close();
  });
  after(() => opened.close());
  return {
    async tab() {
      const page = await opened.context.newPage();
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

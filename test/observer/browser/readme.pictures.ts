/** The README's pictures of the page, made anew by `npm run pictures`. No test: it waits for a page worth showing. */
import { mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { kinesis } from '../../../src/index.ts';
import { type RunningKinesis, startKinesisSimulator } from '../../../src/testing/index.ts';
import { stage } from '../../pipeline/support/application.ts';
import { Checkout, Newsletter, ProductView } from '../fixtures/shop.ts';
import { browser, type Tab } from './browser.ts';

const IMAGES = resolve(dirname(fileURLToPath(import.meta.url)), '../../../images');
const MIB = 2 ** 20;

const LOOKS = 20;

/** The page draws a second later: the number of events that it shows has moved on. */
async function nextLook(page: Page): Promise<void> {
  const accepted = page.getByLabel('Overview').getByText(/accepted$/);
  const before = await accepted.textContent();
  await accepted.filter({ hasNotText: before ?? '' }).waitFor();
}

describe('The pictures', () => {
  const at = stage();
  const { tab } = browser();
  let simulator: RunningKinesis;
  let traffic: NodeJS.Timeout;

  afterEach(async () => {
    clearInterval(traffic);
    simulator.setFaults([]);
    await simulator.stop();
  });

  it('show it in light and in dark, the pipeline, a record type, and a crash', async () => {
    mkdirSync(IMAGES, { recursive: true });
    simulator = await startKinesisSimulator({
      streams: { checkout: 4, pageview: 8, signup: 2 },
      latencyMs: { medianMs: 180, sigma: 0.4 },
    });
    const { endpoint, region, credentials } = simulator;
    const app = await at.start({
      adapter: kinesis({ endpoint, region, credentials }),
      batchSize: 50,
      queueBytes: 16 * MIB,
    });
    let n = 0;
    traffic = setInterval(() => {
      for (let each = 0; each < 60; each++) {
        ProductView.record({ n: n++ });
        if (each % 4 === 0) Checkout.record({ n: n++ });
        if (each % 10 === 0) Newsletter.record({ n: n++ });
      }
    }, 20);
    const { url } = await app.observe({ port: 0, allowActions: true, showState: true });
    const { page }: Tab = await tab();
    const shot = (name: string): Promise<Buffer> => page.screenshot({ path: join(IMAGES, `${name}.png`) });
    await page.emulateMedia({ colorScheme: 'light' });
    await page.goto(`${url}/#/tree`);
    // Enough looks for the lines to be lines.
    for (let look = 0; look < LOOKS; look++) await nextLook(page);
    await shot('observer-light');
    await page.emulateMedia({ colorScheme: 'dark' });
    await shot('observer-dark');
    await page.goto(`${url}/#/pipeline/t/ProductView`);
    await page.getByLabel('Pipeline of ProductView').first().waitFor();
    await shot('observer-pipeline');
    await page.goto(`${url}/#/types/t/ProductView`);
    await page.getByLabel('Record type ProductView').waitFor();
    await shot('observer-record-type');
    await page.emulateMedia({ colorScheme: 'light' });
    Newsletter.record({ n: 1, fate: 'crash' });
    await page.goto(`${url}/#/tree/p/Producer%2FNewsletter`);
    await page.getByLabel('Health').getByText('Newsletter: crash loop').waitFor();
    await shot('observer-crash');
  });
});

/** Four scripted faults, in front of a Kinesis that behaves as the real one: the first line names the type and the cause. */
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { type Application, kinesis } from '../../../src/index.ts';
import { type RunningKinesis, startKinesisSimulator } from '../../../src/testing/index.ts';
import { stage } from '../../pipeline/support/application.ts';
import { close, open } from '../../pipeline/support/gates.ts';
import { Checkout, PageView, SignUp } from '../fixtures/shop.ts';
import { browser } from './browser.ts';

describe('The first line', () => {
  const at = stage();
  const { tab } = browser();
  let simulator: RunningKinesis;
  let app: Application;
  let page: Page;

  beforeEach(async () => {
    simulator = await startKinesisSimulator({ streams: { checkout: 2, pageview: 2, signup: 2 } });
    const { endpoint, region, credentials } = simulator;
    app = await at.start({ adapter: kinesis({ endpoint, region, credentials }) });
    const { url } = await app.observe({ port: 0 });
    ({ page } = await tab());
    await page.goto(url);
    await page.getByRole('status').getByText('live').waitFor();
  });
  afterEach(async () => {
    simulator.setFaults([]);
    await app.stop({ timeoutMs: 10_000 });
    await simulator.stop();
  });

  const says = async (text: RegExp): Promise<void> => {
    await page.getByLabel('Health').getByRole('status').getByText(text).waitFor();
  };

  it('names credentials that are not good enough', async () => {
    simulator.setFaults([
      {
        fault: {
          type: 'error',
          code: 'AccessDeniedException',
          message: 'not authorized to perform kinesis:PutRecords',
          status: 400,
          commit: 'before',
        },
      },
    ]);
    Checkout.record({ n: 1 });
    SignUp.record({ n: 1, fate: 'wait' });
    await says(
      /^.?Checkout: in backoff after \d+ failures? of PutRecords to checkout, AccessDeniedException: .*; (next try in \d+ s|trying now); 1 event waiting/,
    );
  });

  it('names the shard that is hot', async () => {
    simulator.setFaults([
      { fault: { type: 'throttle-shard', shardId: 'shardId-000000000001' }, stream: 'pageview' },
    ]);
    for (let n = 0; n < 400; n++) PageView.record({ n });
    await says(
      /^.?PageView: hot shard shardId-000000000001 of pageview is throttled, ProvisionedThroughputExceededException/,
    );
  });

  it('names the handler that hangs', async () => {
    close('busy');
    Checkout.record({ n: 1, fate: 'hang' });
    await says(/^.?Checkout: thread \d+ is hung: its handler does not yield; it is ended after 30 s/);
    open('busy');
  });

  it('names the error of a crash loop', async () => {
    PageView.record({ n: 1 });
    SignUp.record({ n: 1, fate: 'crash' });
    await says(
      /^.?SignUp: crash loop: its thread ended \d+ times, RangeError: Invalid array length in the price calculation/,
    );
    expect(await page.getByLabel('Health').getByText('PageView').count()).to.equal(0);
  });
});

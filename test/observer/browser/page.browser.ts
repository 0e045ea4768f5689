/** The observer's page in a real browser, in front of a real application. */
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import type { Application, Observer } from '../../../src/index.ts';
import { snapshotWith, stage } from '../../pipeline/support/application.ts';
import { close, open } from '../../pipeline/support/gates.ts';
import { Checkout, Newsletter, ProductView } from '../fixtures/shop.ts';
import { browser } from './browser.ts';

const TOKEN = 'a token of enough characters';
const axe = createRequire(import.meta.url).resolve('axe-core');

/** In the browser: the longest time without a frame while the whole tree passes by. */
const SCROLL_THROUGH = `(async () => {
  const grid = document.querySelector('[role=treegrid]');
  let longest = 0;
  let before = performance.now();
  for (let top = 0; top < grid.scrollHeight; top += 1500) {
    grid.scrollTop = top;
    await new Promise((resolve) => requestAnimationFrame(resolve));
    const now = performance.now();
    longest = Math.max(longest, now - before);
    before = now;
  }
  return longest;
})()`;

interface Violation {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly html: string }[];
}

describe('The page', () => {
  const at = stage();
  const { tab } = browser();
  let app: Application;
  let observer: Observer;
  let page: Page;
  let complaints: string[];

  const show = async (
    options: Parameters<Application['observe']>[0] = {},
    hash = '',
    given: Parameters<typeof at.start>[0] = {},
  ): Promise<void> => {
    app = await at.start(given);
    observer = await app.observe({ port: 0, ...options });
    ({ page, complaints } = await tab());
    await page.goto(`${observer.url}/${hash}`);
    await page.getByRole('status').getByText('live').waitFor();
  };
  const row = (id: string) => page.locator(`[id="row-${encodeURIComponent(id)}"]`);
  const firstLine = () => page.getByLabel('Health').getByRole('status');

  afterEach(() => {
    expect(complaints).to.deep.equal([]);
  });

  it('shows the tree that inspect() shows, in the same order, as deep', async () => {
    await show();
    Newsletter.record({ n: 1 });
    await app.flush();
    await row('Producer/Newsletter').waitFor();
    const { nodes } = await app.inspect();
    const depths = new Map<string | null, number>([[null, 0]]);
    for (const { id, parent } of nodes) depths.set(id, (depths.get(parent) ?? 0) + 1);
    const rows = await page
      .locator('[role=row][id]')
      .evaluateAll((elements) =>
        elements.map(({ id, ariaLevel }) => [decodeURIComponent(id.slice(4)), Number(ariaLevel)]),
      );
    expect(rows).to.deep.equal(nodes.map(({ id }) => [id, depths.get(id)]));
  });

  it('shows a crash as a restart, with its reason', async () => {
    await show();
    Newsletter.record({ n: 1 });
    await app.flush();
    const { nodes } = await app.inspect();
    app.kill(nodes.find(({ id }) => id === 'Producer/Newsletter')?.pid ?? '');
    await page.getByText('Producer/Newsletter ended: killed (restart 1, started again at once)').click();
    const panel = page.getByLabel('Process Producer/Newsletter');
    await panel.getByText('killed').first().click();
    await panel.getByText('restart 1, at its own expense, after 0 us').waitFor();
    await row('Producer/Newsletter').getByTitle('last: killed').waitFor();
    expect(page.url()).to.contain('#/tree/p/Producer%2FNewsletter');
  });

  it('shows a hung thread as hung, first of all', async () => {
    await show();
    close('busy');
    Checkout.record({ n: 1, fate: 'hang' });
    await firstLine().getByText('Checkout: thread 1 is hung: its handler does not yield').waitFor();
    await row('Producer/Checkout').getByText('hung').waitFor();
    open('busy');
    await row('Producer/Checkout').getByText('waiting').waitFor();
  });

  it('says what an outage is, and when it is over', async () => {
    await show();
    at.adapter.failNext(Number.POSITIVE_INFINITY, { code: 'ServiceUnavailable', retryable: true });
    ProductView.record({ n: 1 });
    await firstLine()
      .getByText(/ProductView: in backoff after \d+ failures of PutRecords to pageview, ServiceUnavailable/)
      .waitFor();
    at.adapter.recover();
    await page.getByLabel('Live feed').getByText('ProductView is well again').waitFor();
  });

  it('scrolls through 2,000 processes and draws only what is seen', async () => {
    await show({}, '', { batchSize: 1, maxDemand: 1000 });
    close('handle');
    for (let n = 0; n < 1000; n++) ProductView.record({ n, fate: 'wait' });
    await snapshotWith(app, ({ nodesTotal }) => nodesTotal >= 2000);
    await page
      .getByLabel('Supervision tree')
      .getByText(/^2,\d{3} processes/)
      .waitFor();
    await row('ConsumerSupervisor/ProductView').getByText('1,000 at work').waitFor();
    await page.getByRole('button', { name: 'open all' }).click();
    const longest = Number(await page.evaluate(SCROLL_THROUGH));
    expect(await page.locator('[role=row]').count()).to.be.lessThan(80);
    await row('Record/ProductView').waitFor();
    expect(longest, 'the longest time without a frame, in ms').to.be.lessThan(1000);
    open('handle');
  });

  it('finds processes, and keeps what they belong to', async () => {
    await show();
    Newsletter.record({ n: 1 });
    await app.flush();
    await row('Producer/Newsletter').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('producer newsletter');
    await page.getByText('1 found').waitFor();
    const ids = await page
      .locator('[role=row][id]')
      .evaluateAll((rows) => rows.map(({ id }) => decodeURIComponent(id.slice(4))));
    expect(ids).to.deep.equal(['Application', 'ProducerSupervisor', 'Producer/Newsletter']);
  });

  it('can be used by keyboard', async () => {
    await show();
    await page.getByRole('treegrid').focus();
    await page.keyboard.press('ArrowDown');
    await page.getByLabel('Process Application').waitFor();
    await page.keyboard.press('ArrowDown');
    await page.getByLabel('Process ServerSupervisor').waitFor();
    await page.keyboard.press('ArrowLeft');
    await row('DispatchServer').waitFor({ state: 'detached' });
    await page.keyboard.press('ArrowRight');
    await row('DispatchServer').waitFor();
    await page.keyboard.press('Escape');
    await page.getByLabel('Process ServerSupervisor').waitFor({ state: 'detached' });
    await page.keyboard.press('3');
    await page.getByLabel('Views').locator('[aria-current]').getByText('Pipeline').waitFor();
    expect(page.url()).to.contain('#/pipeline');
  });

  it('shows Consumers by their number, and one by one when they are asked for', async () => {
    await show();
    close('handle');
    ProductView.record({ n: 1, fate: 'wait' });
    const pool = row('ConsumerSupervisor/ProductView');
    await pool.getByText('1 at work').waitFor();
    await pool.getByRole('button', { name: 'open ConsumerSupervisor/ProductView' }).click();
    await page.locator('[role=row]').getByText('Task').waitFor();
    await page.getByRole('button', { name: 'without Consumers' }).click();
    await pool.getByText('1 at work').waitFor();
    open('handle');
  });

  it('traces a process: what it handles, without what is in it', async () => {
    await show({ allowActions: true }, '#/tree/p/Producer%2FNewsletter');
    Newsletter.record({ n: 1 });
    await app.flush();
    const panel = page.getByLabel('Process Producer/Newsletter');
    await panel.getByRole('button', { name: 'trace the next 20' }).click();
    await panel.getByRole('button', { name: 'watching' }).waitFor();
    const messages = panel.getByLabel('Messages, oldest first');
    const seen = messages.waitFor();
    let isSeen = false;
    void seen.then(() => {
      isSeen = true;
    });
    for (let n = 2; !isSeen; n++) {
      Newsletter.record({ n });
      await app.flush();
    }
    await messages
      .getByText(/^info \{type: \w+/)
      .first()
      .waitFor();
    expect(await messages.getByRole('listitem').count()).to.be.within(1, 20);
  });

  it('says what can be done by keyboard', async () => {
    await show();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor({ state: 'hidden' });
  });

  it('holds the feed still, and filters it', async () => {
    await show();
    const feed = page.getByLabel('Live feed');
    await feed.getByText('Nothing has happened').waitFor();
    await feed.getByRole('button', { name: 'pause' }).click();
    const { nodes } = await app.inspect();
    app.kill(nodes.find(({ id }) => id === 'DispatchServer')?.pid ?? '');
    await feed.getByRole('button', { name: 'resume (1 new)' }).click();
    await feed.getByText('DispatchServer ended: killed').waitFor();
    await feed.getByLabel('Filter the feed').fill('something else');
    await feed.getByText('Nothing in the feed says that').waitFor();
  });

  it('says when what it shows is old, and goes on by itself', async () => {
    await show();
    const port = Number(new URL(observer.url).port);
    await observer.close();
    await page.getByText(/stale for [\d.]+ s, reconnecting/).waitFor();
    await app.observe({ port });
    await page.getByRole('status').getByText('live', { exact: true }).waitFor();
    // The browser says on its console that it could not connect: it could not.
    complaints.splice(0);
  });

  it('does what is allowed when asked twice, and says what would allow the rest', async () => {
    await show({}, '#/tree/p/DispatchServer');
    await page.getByText('observe({ allowActions: true })').waitFor();
    expect(await page.getByRole('button', { name: 'kill' }).isDisabled()).to.equal(true);
    await page.getByText('observe({ showState: true })').waitFor();
    const second = await app.observe({ port: 0, allowActions: true, showState: true });
    await page.goto(`${second.url}/#/tree/p/DispatchServer`);
    await page.getByRole('button', { name: 'look at its state' }).click();
    await page.getByText('"[object]"').or(page.locator('pre')).first().waitFor();
    await page.getByRole('button', { name: 'suspend' }).click();
    await row('DispatchServer').getByText('suspended').waitFor();
    await page.getByRole('button', { name: 'resume' }).click();
    await row('DispatchServer').getByText('waiting').waitFor();
    await page.getByRole('button', { name: 'kill' }).click();
    await page.getByRole('button', { name: 'really kill?' }).click();
    await row('DispatchServer').getByTitle('last: killed').waitFor();
  });

  it('keeps the theme that was chosen', async () => {
    await show();
    const ground = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    const themed = (theme: string) =>
      page.locator(`html[data-theme=${theme}]`).waitFor({ state: 'attached' });
    await page.getByRole('button', { name: 'Theme: auto' }).click();
    await themed('dark');
    expect(await ground()).to.equal('rgb(15, 19, 27)');
    await page.reload();
    await themed('dark');
    await page.getByRole('button', { name: 'Theme: dark' }).click();
    await themed('light');
    expect(await ground()).to.equal('rgb(245, 246, 249)');
    await page.getByRole('button', { name: 'Theme: light' }).click();
  });

  for (const scheme of ['light', 'dark'] as const) {
    it(`has no serious fault of accessibility, ${scheme}`, async () => {
      await show({ allowActions: true }, '#/tree/p/Registry');
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
      at.adapter.failNext(Number.POSITIVE_INFINITY, { code: 'ServiceUnavailable', retryable: true });
      Newsletter.record({ n: 1 });
      await firstLine().getByText('Newsletter: in backoff').waitFor();
      const { nodes } = await app.inspect();
      app.kill(nodes.find(({ id }) => id === 'Registry')?.pid ?? '');
      await page.getByLabel('Live feed').getByText('Registry ended').first().waitFor();
      await page.evaluate(readAxe());
      const serious: string[] = [];
      await page.keyboard.press('?');
      serious.push(...(await faults(page)));
      await page.keyboard.press('Escape');
      for (const view of ['1', '2', '3']) {
        await page.keyboard.press(view);
        serious.push(...(await faults(page)));
      }
      expect(serious).to.deep.equal([]);
      at.adapter.recover();
    });
  }

  it('gives nothing to pages of other origins, to other names, and to whoever lacks the token', async () => {
    await show();
    const guarded = await app.observe({ port: 0, token: TOKEN });
    expect((await page.goto(guarded.url))?.status()).to.equal(401);
    expect((await page.goto(`${guarded.url}/?token=${encodeURIComponent(TOKEN)}`))?.status()).to.equal(200);
    await page.getByRole('status').getByText('live').waitFor();
    expect(page.url()).not.to.contain('token');

    const foreign = createServer((_request, response) =>
      response.setHeader('content-type', 'text/html').end('<h1>elsewhere</h1>'),
    );
    await new Promise<void>((resolve) => {
      foreign.listen(0, '127.0.0.1', resolve);
    });
    await page.goto(`http://127.0.0.1:${(foreign.address() as AddressInfo).port}`);
    const stolen = await page.evaluate(async (url) => {
      const read = async (options: RequestInit): Promise<string> => {
        try {
          return (await fetch(`${url}/api/v1/tree`, options)).status.toString();
        } catch {
          return 'nothing';
        }
      };
      return [
        await read({}),
        await read({ credentials: 'include' }),
        await read({ method: 'POST', mode: 'no-cors' }),
      ];
    }, guarded.url);
    expect(stolen).to.deep.equal(['nothing', 'nothing', 'nothing']);
    foreign.closeAllConnections();
    foreign.close();
    // That they are refused is on the console of the foreign page.
    complaints.splice(0);
  });
});

/** The page's policy lets no script in that is not its own; the browser's own tools may still run one. */
function readAxe(): string {
  return createRequire(import.meta.url)('node:fs').readFileSync(axe, 'utf8');
}

async function faults(page: Page): Promise<string[]> {
  const violations = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } };
    return (await axe.run()).violations;
  });
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
}

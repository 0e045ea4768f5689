import { existsSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { Lives, toldIn } from './life.ts';

describe('A process with a spool', () => {
  let lives: Lives;
  beforeEach(() => {
    lives = new Lives();
  });
  afterEach(() => lives.clear());

  it('is killed again and again, and everything that was confirmed is delivered, under its id', async () => {
    const confirmed: { id: string; n: number }[] = [];
    for (const [life, lines] of [200, 90, 400].entries()) {
      const from = life * 1_000_000;
      const { child, said, ended, lines: told } = lives.start('load', { from, hold: life === 1 });
      await said(lines);
      child.kill('SIGKILL');
      await ended;
      confirmed.push(...toldIn(told));
    }
    const last = lives.start('drains');
    expect(await last.ended, last.log()).to.deep.equal({ code: 0, signal: null });
    const ledger = JSON.parse(last.lines[0]!) as Record<string, number>;
    expect(ledger.recovered).to.be.greaterThan(0);
    expect(ledger).to.include({ accepted: 0, delivered: ledger.recovered, pending: 0 });

    const delivered = lives.delivered();
    const numbers = new Map(delivered.map(({ id, n }) => [id, n]));
    expect(confirmed.length).to.be.greaterThan(600);
    expect(
      confirmed.filter(({ id, n }) => numbers.get(id) !== n),
      'confirmed, and not delivered',
    ).to.deep.equal([]);
    const ids = new Map(delivered.map(({ id, n }) => [n, id]));
    expect(
      delivered.filter(({ id, n }) => ids.get(n) !== id),
      'one event under two ids',
    ).to.deep.equal([]);
  });

  it('closes its store when process.exit() is called, and leaves in it what was not delivered', async () => {
    const first = lives.start('exits', { hold: true });
    expect(await first.ended).to.deep.equal({ code: 0, signal: null });
    expect(toldIn(first.lines)).to.have.length(100);
    expect(existsSync(join(lives.directory, 'closed.json')), 'closed in good order').to.equal(true);
    const second = lives.start('drains');
    await second.ended;
    expect(JSON.parse(second.lines[0]!)).to.include({ recovered: 100, delivered: 100, pending: 0 });
    const byNumber = (a: { n: number }, b: { n: number }): number => a.n - b.n;
    const confirmed = toldIn(first.lines).map(({ id, n }) => ({ id, n }));
    expect(lives.delivered().sort(byNumber)).to.deep.equal(confirmed.sort(byNumber));
  });

  it('keeps others out, who are told who it is, and gives the store to the next one when it was killed', async () => {
    const owner = lives.start('owns');
    await owner.said(1);
    const other = lives.start('owns');
    await other.ended;
    const { code, message } = JSON.parse(other.lines[0]!) as Record<string, string>;
    expect(code).to.equal('ERR_SPOOL_OWNED');
    expect(message).to.include(`belongs to process ${owner.child.pid}`).and.to.include('Stop that one first');
    owner.child.kill('SIGKILL');
    await owner.ended;
    const next = lives.start('owns');
    await next.said(1);
    expect(next.lines).to.deep.equal(['"open"']);
  });

  it('makes its folder and its files its own', async () => {
    const owner = lives.start('owns');
    await owner.said(1);
    const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);
    expect(mode(lives.directory)).to.equal('700');
    for (const file of ['data.mdb', 'lock.mdb']) expect(mode(join(lives.directory, file))).to.equal('600');
  });

  it('says that the disk is full, confirms nothing more, and has what it confirmed before', async () => {
    const first = lives.start('load', { hold: true, fileBlocks: 128 });
    await first.logged('the spool cannot be written: events are in memory only');
    first.child.kill('SIGKILL');
    await first.ended;
    const confirmed = toldIn(first.lines);
    expect(confirmed.length).to.be.greaterThan(100);
    const second = lives.start('drains');
    await second.ended;
    expect(JSON.parse(second.lines[0]!)).to.include({ accepted: 0, pending: 0 });
    expect(lives.delivered()).to.include.deep.members(confirmed.map(({ id, n }) => ({ id, n })));
  });

  for (const [damage, apply] of [
    ['cut short', (file: string) => truncateSync(file, 9000)],
    ['overwritten', (file: string) => writeFileSync(file, Buffer.alloc(50_000, 'no store '))],
  ] as const) {
    it(`puts a store aside that was ${damage}, says so, and begins a new one`, async () => {
      const first = lives.start('load', { hold: true });
      await first.said(40);
      first.child.kill('SIGKILL');
      await first.ended;
      apply(join(lives.directory, 'data.mdb'));
      const second = lives.start('drains');
      expect(await second.ended).to.deep.equal({ code: 0, signal: null });
      expect(JSON.parse(second.lines[0]!)).to.include({ recovered: 0, pending: 0 });
      expect(second.log()).to.include('the store of the spool was damaged, and a new one is begun');
      expect(readdirSync(lives.directory).filter((name) => name.startsWith('damaged-'))).to.have.length(1);
    });
  }
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const script = fileURLToPath(new URL('../fixtures/scripts/serves-until-signal.js', import.meta.url));
/** What the first process of a container sees: a signal of its own has no effect. */
const asInit =
  'data:text/javascript,Object.defineProperty(process, "pid", { value: 1 }); process.kill = () => true;';

/** Runs the script until it has recorded. */
async function serve(...args: string[]) {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const exit = once(child, 'exit');
  expect((await lines.next()).value).to.equal('recorded');
  return { child, lines, exit };
}

describe('handleSignals', () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`delivers everything on ${signal}, and then lets the process end of it`, async () => {
      const { child, lines, exit } = await serve(script);
      child.kill(signal);
      expect((await lines.next()).value).to.equal('stopping');
      const ledger = JSON.parse(String((await lines.next()).value)) as object;
      expect(ledger).to.include({ accepted: 1000, delivered: 1000, pending: 0 });
      expect(await exit).to.deep.equal([null, signal]);
    });
  }

  it('has it that a second signal ends the process at once', async () => {
    const { child, lines, exit } = await serve(script, '3600000');
    child.kill('SIGTERM');
    expect((await lines.next()).value).to.equal('stopping');
    child.kill('SIGTERM');
    expect(await exit).to.deep.equal([null, 'SIGTERM']);
    expect((await lines.next()).done, 'no ledger').to.equal(true);
  });

  it('ends the first process of a container too, which the kernel spares its own signals', async () => {
    const { child, lines, exit } = await serve('--import', asInit, script);
    child.kill('SIGTERM');
    expect((await lines.next()).value).to.equal('stopping');
    const ledger = JSON.parse(String((await lines.next()).value)) as object;
    expect(ledger).to.include({ delivered: 1000, pending: 0 });
    expect(await exit).to.deep.equal([143, null]);
  });

  it('has it that a second signal ends that one at once too', async () => {
    const { child, lines, exit } = await serve('--import', asInit, script, '3600000');
    child.kill('SIGTERM');
    expect((await lines.next()).value).to.equal('stopping');
    child.kill('SIGINT');
    expect(await exit).to.deep.equal([130, null]);
    expect((await lines.next()).done, 'no ledger').to.equal(true);
  });
});

/** What is published on `node:diagnostics_channel`, to whoever listens, and without an event's data. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { expect } from 'chai';
import type { DeadLetterMessage, ProcessMessage } from '../../src/index.ts';
import type { RestartEntry } from '../../src/pipeline/restarts.ts';
import { stage } from '../pipeline/support/application.ts';
import { Checkout } from './fixtures/shop.ts';

describe('The channels', () => {
  const at = stage();
  const heard = new Map<string, unknown[]>();
  const listening: (readonly [string, (message: unknown) => void])[] = [];

  const listen = (name: string): void => {
    const listener = (message: unknown): void => {
      heard.set(name, [...(heard.get(name) ?? []), message]);
    };
    subscribe(name, listener);
    listening.push([name, listener]);
  };
  afterEach(() => {
    for (const [name, listener] of listening.splice(0)) unsubscribe(name, listener);
    heard.clear();
  });

  it('tell of the births and deaths of processes', async () => {
    listen('beamline:process:start');
    listen('beamline:process:exit');
    listen('beamline:process:restart');
    const app = await at.start();
    const { nodes } = await app.inspect();
    const pid = nodes.find(({ name }) => name === 'DispatchServer')?.pid ?? '';
    app.kill(pid);
    const started = heard.get('beamline:process:start') as ProcessMessage[];
    expect(started.map(({ name }) => name)).to.include.members(['Application', 'Registry', 'DispatchServer']);
    const [ended] = heard.get('beamline:process:exit') as ProcessMessage[];
    expect(ended).to.deep.include({ pid, name: 'DispatchServer' });
    expect(ended?.reason?.code).to.equal('killed');
    const [restart] = heard.get('beamline:process:restart') as RestartEntry[];
    expect(restart?.id).to.equal('DispatchServer');
  });

  it('tell of a thread that has ended, with its error', async () => {
    listen('beamline:process:restart');
    const app = await at.start();
    Checkout.record({ n: 1 });
    await app.flush();
    await app.endThread('Checkout');
    const ids = (heard.get('beamline:process:restart') as RestartEntry[]).map(({ id }) => id);
    expect(ids).to.include('Thread/Checkout');
  });

  it('tell of dead letters, without their data', async () => {
    listen('beamline:dead-letter');
    const app = await at.start({ maxAttempts: 1, deadLetter: () => {} });
    Checkout.record({ n: 1, fate: 'fail', key: 'a secret of the customer' });
    await app.flush();
    const [letter] = heard.get('beamline:dead-letter') as DeadLetterMessage[];
    expect(letter?.recordType).to.equal('Checkout');
    expect(letter?.reason.message).to.equal('TypeError: the Checkout has no total');
    expect(JSON.stringify(letter)).not.to.contain('customer');
  });
});

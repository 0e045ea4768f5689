import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect } from 'chai';
import { startEmbeddedKinesis } from '../../scripts/embedded-kinesis.ts';

/** Connects, and resolves when the other end has closed the connection, whichever way it did. */
async function lossOf(endpoint: string): Promise<{ readonly lost: Promise<void> }> {
  const { hostname, port } = new URL(endpoint);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.on('error', () => {});
  socket.resume();
  return { lost: new Promise((resolve) => socket.once('close', () => resolve())) };
}

describe('the embedded Kinesis', () => {
  it('makes streams that are ready, and gives back nothing from an empty one', async () => {
    const kinesis = await startEmbeddedKinesis();
    await kinesis.createStream('s', 3);
    expect(await kinesis.readAll('s')).to.deep.equal([]);
    await kinesis.stop();
  });

  it('fails with what Kinesis said', async () => {
    const kinesis = await startEmbeddedKinesis();
    const error = await kinesis.readAll('missing').catch((thrown: unknown) => thrown);
    expect((error as Error).message).to.include('ResourceNotFoundException');
    await kinesis.stop();
  });

  it('has ended when stop resolves, and may be stopped twice', async () => {
    const kinesis = await startEmbeddedKinesis();
    const { lost } = await lossOf(kinesis.endpoint);
    await kinesis.stop();
    await lost;
    await kinesis.stop();
  });

  it('ends with its parent, even when that is killed', async () => {
    const parent = fork(new URL('../support/kinesalite-parent.js', import.meta.url), { execArgv: [] });
    const [endpoint] = (await once(parent, 'message')) as [string];
    const { lost } = await lossOf(endpoint);
    parent.kill('SIGKILL');
    await lost;
  });
});

import { expect } from 'chai';
import type { Adapter } from '../../src/pipeline/adapter/adapter.ts';
import { checkDescriptor } from '../../src/pipeline/adapter/descriptor.ts';
import { RecordsRejectedError } from '../../src/pipeline/adapter/errors.ts';
import { loadAdapter } from '../../src/pipeline/adapter/load.ts';
import { type MemoryDescriptor, type MemoryOptions, memory } from '../../src/pipeline/adapter/memory.ts';
import { never, testContext } from './context.ts';
import { ManualClock, quiet } from './manual-clock.ts';
import { AdapterThread } from './thread.ts';

async function open(options: MemoryOptions = {}) {
  const descriptor = memory(options);
  const clock = new ManualClock();
  const context = testContext({ clock });
  const adapter = await loadAdapter(checkDescriptor(descriptor).wire, context);
  return { descriptor, adapter, clock, context };
}

const message = (data: string, partitionKey = 'k') => ({ partitionKey, data });
const texts = (descriptor: MemoryDescriptor, stream?: string) =>
  descriptor.messages(stream).map(({ data }) => data.toString());

async function rejected(
  adapter: Adapter,
  stream: string,
  messages: { partitionKey: string; data: string }[],
) {
  try {
    await adapter.send(stream, messages, { signal: never });
  } catch (error) {
    if (error instanceof RecordsRejectedError) return error.rejections;
    throw error;
  }
  throw new Error('it was to reject');
}

describe('memory adapter', () => {
  it('gives back what was sent, with all that belongs to it', async () => {
    const { descriptor, adapter } = await open();
    const bytes = Buffer.from([1, 0, 255]);
    await adapter.send('s', [{ partitionKey: 'p', explicitHashKey: '7', data: bytes }], { signal: never });
    await adapter.send('t', [message('text'), message('')], { signal: never });
    expect(descriptor.messages()).to.deep.equal([
      { stream: 's', partitionKey: 'p', explicitHashKey: '7', data: bytes },
      { stream: 't', partitionKey: 'k', data: Buffer.from('text') },
      { stream: 't', partitionKey: 'k', data: Buffer.alloc(0) },
    ]);
    expect(texts(descriptor, 't')).to.deep.equal(['text', '']);
  });

  it('forgets on clear what was sent before it', async () => {
    const { descriptor, adapter } = await open();
    await adapter.send('s', [message('old')], { signal: never });
    descriptor.clear();
    expect(texts(descriptor)).to.deep.equal([]);
    await adapter.send('s', [message('new')], { signal: never });
    expect(texts(descriptor)).to.deep.equal(['new']);
  });

  it('keeps apart what is sent through two descriptors', async () => {
    const [first, second] = [await open(), await open()];
    await first.adapter.send('s', [message('first')], { signal: never });
    expect(texts(second.descriptor)).to.deep.equal([]);
  });

  it('collects from many threads, each message once and each sender’s in order', async () => {
    const descriptor = memory();
    const threads = Array.from({ length: 4 }, () => new AdapterThread(descriptor));
    const sends = threads.flatMap((thread, t) =>
      Array.from({ length: 50 }, (_, i) =>
        thread.send('s', [message(`${i}-a`, `${t}`), message(`${i}-b`, `${t}`)]),
      ),
    );
    expect(new Set(await Promise.all(sends))).to.deep.equal(new Set([null]));
    const expected = Array.from({ length: 50 }, (_, i) => [`${i}-a`, `${i}-b`]).flat();
    for (const t of ['0', '1', '2', '3']) {
      const found = descriptor.messages('s').filter(({ partitionKey }) => partitionKey === t);
      expect(found.map(({ data }) => data.toString())).to.deep.equal(expected);
    }
    for (const thread of threads) await thread.terminate();
  });

  it('keeps whole sends, and all that were confirmed, when a thread is ended in the midst of sending', async () => {
    for (let round = 0; round < 3; round++) {
      const descriptor = memory();
      const thread = new AdapterThread(descriptor);
      const confirmed = await new Promise<string[]>((resolve) => {
        const ids: string[] = [];
        thread.onSettled = ({ id }) => {
          ids.push(`${id}`);
          if (ids.length === 200) resolve(ids);
        };
        thread.sendForEver('s');
      });
      await thread.terminate();
      const sends = new Map<string, string[]>();
      for (const { partitionKey, data } of descriptor.messages('s')) {
        sends.set(partitionKey, [...(sends.get(partitionKey) ?? []), data.toString()]);
      }
      for (const id of confirmed) expect(sends.get(id)).to.deep.equal(['first', 'second']);
      for (const send of sends.values()) expect(send).to.deep.equal(['first', 'second']);
      const successor = new AdapterThread(descriptor);
      expect(await successor.send('t', [message('after')])).to.equal(null);
      expect(texts(descriptor, 't')).to.deep.equal(['after']);
      await successor.terminate();
    }
  });

  it('says so when it is full, and takes what still fits', async () => {
    const { descriptor, adapter } = await open({ name: 'small', bytesMax: 1024 });
    const rejections = await rejected(adapter, 's', [message('x'.repeat(2_000))]);
    expect(rejections[0]).to.deep.include({ index: 0, code: 'MemoryFull', bytes: 2_001 });
    expect(rejections[0]?.message).to.include("'small' is full").and.include('bytesMax');
    await adapter.send('s', [message('fits')], { signal: never });
    expect(texts(descriptor)).to.deep.equal(['fits']);
  });
});

describe('memory adapter: injected failures', () => {
  it('waits out temporary ones and delivers', async () => {
    const { descriptor, adapter, clock } = await open();
    descriptor.failNext(3, { code: 'ECONNRESET', retryable: true });
    let sent = false;
    const sending = adapter.send('s', [message('x')], { signal: never }).then(() => {
      sent = true;
    });
    await quiet();
    expect(adapter.snapshot().streams[0]?.state).to.deep.include({ type: 'failing', code: 'ECONNRESET' });
    expect(texts(descriptor)).to.deep.equal([]);
    await clock.advanceUntil(() => sent);
    await sending;
    expect(texts(descriptor)).to.deep.equal(['x']);
    expect(adapter.snapshot().streams[0]).to.deep.include({
      requests: 4,
      retries: 3,
      errors: { ECONNRESET: 3 },
    });
  });

  it('plays an outage until it is told to recover', async () => {
    const { descriptor, adapter, clock } = await open();
    descriptor.failNext(Number.POSITIVE_INFINITY, { code: 'ServiceUnavailable', retryable: true });
    const sending = adapter.send('s', [message('x')], { signal: never });
    await clock.advance(3_600_000);
    expect(texts(descriptor)).to.deep.equal([]);
    descriptor.recover();
    await clock.advance(100);
    await sending;
    expect(texts(descriptor)).to.deep.equal(['x']);
  });

  it('rejects a whole send for a permanent one, once', async () => {
    const { descriptor, adapter, context } = await open();
    descriptor.failNext(1, { code: 'InvalidArgumentException', retryable: false });
    const rejections = await rejected(adapter, 's', [message('a'), message('b')]);
    expect(rejections.map(({ index, code }) => [index, code])).to.deep.equal([
      [0, 'InvalidArgumentException'],
      [1, 'InvalidArgumentException'],
    ]);
    expect(context.events).to.have.length(2);
    await adapter.send('s', [message('c')], { signal: never });
    expect(texts(descriptor)).to.deep.equal(['c']);
  });

  it('rejects only the records with a given partition key; the others are in the stream', async () => {
    const { descriptor, adapter } = await open();
    descriptor.failNext(2, { code: 'RecordTooLarge', retryable: false, partitionKey: 'bad' });
    await adapter.send('s', [message('untouched')], { signal: never });
    const rejections = await rejected(adapter, 's', [message('a'), message('b', 'bad'), message('c')]);
    expect(rejections.map(({ index }) => index)).to.deep.equal([1]);
    expect(texts(descriptor)).to.deep.equal(['untouched', 'a', 'c']);
  });

  it('are taken by whichever thread sends next, each once', async () => {
    const descriptor = memory();
    descriptor.failNext(5, { code: 'InvalidArgumentException', retryable: false });
    const threads = [new AdapterThread(descriptor), new AdapterThread(descriptor)];
    const codes = await Promise.all(
      threads.flatMap((thread) => Array.from({ length: 10 }, () => thread.send('s', [message('x')]))),
    );
    expect(codes.filter((code) => code === 'ERR_RECORDS_REJECTED')).to.have.length(5);
    expect(descriptor.messages()).to.have.length(15);
    for (const thread of threads) await thread.terminate();
  });

  it('refuses what it cannot play', () => {
    const descriptor = memory();
    const failure = { code: 'x', retryable: true };
    for (const count of [0, -1, 1.5, Number.NaN]) {
      expect(() => descriptor.failNext(count, failure)).to.throw(RangeError, 'a whole number of sends');
    }
    expect(() => descriptor.failNext(1, { code: 'x'.repeat(300), retryable: true })).to.throw(
      RangeError,
      '248 bytes',
    );
    for (let i = 0; i < 256; i++) descriptor.failNext(1, failure);
    expect(() => descriptor.failNext(1, failure)).to.throw(RangeError, '256 calls');
  });
});

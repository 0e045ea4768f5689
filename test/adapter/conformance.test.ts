/** What the port promises, for every adapter there is. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Adapter, AdapterDescriptor } from '../../src/pipeline/adapter/adapter.ts';
import { checkDescriptor } from '../../src/pipeline/adapter/descriptor.ts';
import { kinesis } from '../../src/pipeline/adapter/kinesis.ts';
import { loadAdapter } from '../../src/pipeline/adapter/load.ts';
import { memory } from '../../src/pipeline/adapter/memory.ts';
import { nullAdapter } from '../../src/pipeline/adapter/null.ts';
import { embeddedKinesis, newStream } from '../support/kinesalite.ts';
import { never, testContext } from './context.ts';
import type { OwnLine } from './fixture/own-adapter.ts';
import { AdapterThread } from './thread.ts';

interface Found {
  readonly partitionKey: string;
  readonly data: Buffer;
}

interface Destination {
  readonly descriptor: AdapterDescriptor;
  /** A stream that is there and empty. */
  readonly newStream: () => Promise<string>;
  /** Its content in order; `null` for a destination that keeps nothing. */
  readonly read: ((stream: string) => Promise<readonly Found[]>) | null;
  readonly release: () => void;
}

let streams = 0;
const anyName = async () => `stream-${++streams}`;
const nothing = () => {};

const destinations: [string, () => Promise<Destination>][] = [
  ['null', async () => ({ descriptor: nullAdapter(), newStream: anyName, read: null, release: nothing })],
  [
    'memory',
    async () => {
      const descriptor = memory();
      return {
        descriptor,
        newStream: anyName,
        read: async (stream) => descriptor.messages(stream),
        release: nothing,
      };
    },
  ],
  [
    'kinesis',
    async () => {
      const { endpoint, region, credentials, readAll } = await embeddedKinesis();
      const descriptor = kinesis({ endpoint, region, credentials });
      return { descriptor, newStream, read: readAll, release: nothing };
    },
  ],
  [
    "a user's own",
    async () => {
      const directory = mkdtempSync(join(tmpdir(), 'beamline-'));
      const file = join(directory, 'sent.ndjson');
      const module = new URL('./fixture/own-adapter.js', import.meta.url);
      const read = async (stream: string) =>
        readFileSync(file, 'utf8')
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => JSON.parse(line) as OwnLine)
          .filter((line) => line.stream === stream)
          .map(({ partitionKey, data }) => ({ partitionKey, data: Buffer.from(data, 'base64') }));
      return {
        descriptor: { module, options: { file } },
        newStream: anyName,
        read,
        release: () => rmSync(directory, { recursive: true }),
      };
    },
  ],
];

for (const [name, open] of destinations) {
  describe(`the adapter port: ${name}`, () => {
    let destination: Destination;
    let adapter: Adapter;
    let stream: string;

    beforeEach(async () => {
      destination = await open();
      adapter = await loadAdapter(checkDescriptor(destination.descriptor).wire, testContext());
      stream = await destination.newStream();
    });

    afterEach(async () => {
      await adapter.close({ timeoutMs: 1_000 });
      destination.release();
    });

    /** Holds by itself for a destination that keeps nothing. */
    async function expectTexts(expected: readonly string[]): Promise<void> {
      if (destination.read === null) return;
      const found = await destination.read(stream);
      expect(found.map(({ data }) => data.toString())).to.deep.equal(expected);
    }

    it('has every message of a send in the stream when it resolves, in order, exactly once', async () => {
      const data = Array.from({ length: 600 }, (_, i) => `event ${i}`);
      await adapter.send(
        stream,
        data.map((text) => ({ partitionKey: 'k', data: text })),
        { signal: never },
      );
      await expectTexts(data);
    });

    it('leaves bytes as they are, and writes text as UTF-8', async () => {
      const bytes = Buffer.from([0, 255, 254, 128, 10]);
      await adapter.send(
        stream,
        [
          { partitionKey: 'ключ', data: bytes },
          { partitionKey: '2', explicitHashKey: '42', data: 'größe 😀' },
        ],
        { signal: never },
      );
      const found = await destination.read?.(stream);
      if (found === undefined) return;
      expect(found.map(({ partitionKey }) => partitionKey)).to.deep.equal(['ключ', '2']);
      expect(found.map(({ data }) => data)).to.deep.equal([bytes, Buffer.from('größe 😀')]);
    });

    it('takes sends that overlap, to one stream and to several', async () => {
      const other = await destination.newStream();
      const sends = Array.from({ length: 40 }, (_, i) =>
        adapter.send(i % 4 === 0 ? other : stream, [{ partitionKey: `${i}`, data: `event ${i}` }], {
          signal: never,
        }),
      );
      await Promise.all(sends);
      const found = [
        ...((await destination.read?.(stream)) ?? []),
        ...((await destination.read?.(other)) ?? []),
      ];
      if (destination.read === null) return;
      expect(found.map(({ data }) => data.toString()).sort()).to.deep.equal(
        Array.from({ length: 40 }, (_, i) => `event ${i}`).sort(),
      );
    });

    it('resolves for an empty list', async () => {
      await adapter.send(stream, [], { signal: never });
    });

    it('sends nothing for a signal that is aborted already', async () => {
      const signal = AbortSignal.abort(new Error('enough'));
      const error = await failureOf(adapter.send(stream, [{ partitionKey: 'k', data: 'x' }], { signal }));
      expect(error).to.include({ code: 'ERR_SEND_ABORTED' });
      await adapter.send(stream, [{ partitionKey: 'k', data: 'after' }], { signal: never });
      await expectTexts(['after']);
    });

    it('finishes what is under way in close, and refuses what comes after', async () => {
      const under = adapter.send(stream, [{ partitionKey: 'k', data: 'under way' }], { signal: never });
      const closed = adapter.close({ timeoutMs: 10_000 });
      const late = adapter.send(stream, [{ partitionKey: 'k', data: 'late' }], { signal: never });
      expect(await failureOf(late)).to.include({ code: 'ERR_ADAPTER_CLOSED' });
      await under;
      await closed;
      await adapter.close({ timeoutMs: 0 });
      await expectTexts(['under way']);
      expect(adapter.snapshot().closed).to.equal(true);
    });

    it('shows what it has done as plain JSON', async () => {
      const messages = ['a', 'b', 'c'].map((data) => ({ partitionKey: 'k', data }));
      await adapter.send(stream, messages, { signal: never });
      const snapshot = adapter.snapshot();
      expect(JSON.parse(JSON.stringify(snapshot))).to.deep.equal(snapshot);
      expect(snapshot.closed).to.equal(false);
      expect(snapshot.streams).to.have.length(1);
      expect(snapshot.streams[0]).to.deep.include({
        stream,
        target: stream,
        state: { type: 'open' },
        recordsSent: 3,
        recordsRejected: 0,
        waiting: 0,
        inFlight: 0,
        oldestWaitingMs: null,
      });
    });

    it('works in a thread of its own, from nothing but its cloneable half', async () => {
      const thread = new AdapterThread(destination.descriptor);
      const messages = Array.from({ length: 100 }, (_, i) => ({ partitionKey: 'k', data: `event ${i}` }));
      expect(await thread.send(stream, messages)).to.equal(null);
      await expectTexts(messages.map(({ data }) => data));
      await thread.terminate();
    });
  });
}

async function failureOf(promise: Promise<void>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it was to reject');
}

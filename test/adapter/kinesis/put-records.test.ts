import { expect } from 'chai';
import fc from 'fast-check';
import { AggregateBuilder } from '../../../src/pipeline/adapter/kinesis/aggregate.ts';
import { base64Writer } from '../../../src/pipeline/adapter/kinesis/base64.ts';
import { type Pack, pack } from '../../../src/pipeline/adapter/kinesis/pack.ts';
import { PackableMessages } from '../../../src/pipeline/adapter/kinesis/packable.ts';
import { readPutRecordsAnswer } from '../../../src/pipeline/adapter/kinesis/put-records-answer.ts';
import {
  AggregateEntry,
  PackedEntries,
  putRecordsBody,
} from '../../../src/pipeline/adapter/kinesis/put-records-body.ts';
import { prepare } from '../../../src/pipeline/adapter/kinesis/record.ts';
import type { RecordEntry } from '../../../src/pipeline/adapter/kinesis/transport.ts';
import { wellFormed } from '../../support/well-formed.ts';

const entry = fc
  .record(
    {
      PartitionKey: fc.oneof(fc.string(), wellFormed(), fc.string({ unit: 'grapheme' })),
      ExplicitHashKey: fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }).map(String),
      Data: fc.oneof(
        fc.uint8Array({ maxLength: 300 }),
        fc.uint8Array({ minLength: 2, maxLength: 300 }).map((bytes) => bytes.subarray(1)),
        fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
      ),
    },
    { requiredKeys: ['PartitionKey', 'Data'] },
  )
  .map((made): RecordEntry => made);

const read = (text: string) => readPutRecordsAnswer(new TextEncoder().encode(text));

describe('the body of a PutRecords', () => {
  it('is the JSON of the request, with the data as base64, whatever keys and data are', () => {
    fc.assert(
      fc.property(wellFormed({ minLength: 1 }), fc.array(entry), (name, records) => {
        const body = putRecordsBody({ type: 'name', name }, records);
        expect(JSON.parse(body.toString())).to.deep.equal({
          StreamName: name,
          Records: records.map(({ Data, ...keys }) => ({
            ...keys,
            Data: Buffer.from(Data).toString('base64'),
          })),
        });
      }),
      { numRuns: 300 },
    );
  });

  it('is the same for packed records, and for aggregates', () => {
    const messages = fc.array(
      fc.record({
        partitionKey: fc.oneof(
          fc.string({ minLength: 1, unit: 'grapheme' }),
          fc.constantFrom('"', '\\', '\u007f', '\u0000', '\u{1f600}'.repeat(256)),
        ),
        data: fc.oneof(fc.string({ unit: 'grapheme' }), fc.uint8Array({ maxLength: 1_000 })),
      }),
      { minLength: 1, maxLength: 20 },
    );
    fc.assert(
      fc.property(messages, fc.nat(19), (sent, cut) => {
        const packable = new PackableMessages(sent);
        const packed = pack(packable, Uint32Array.from(sent.keys()), { keys: 'once' }) as Pack;
        const middle = Math.min(cut, packed.size);
        const builder = new AggregateBuilder();
        for (const record of prepare(sent, 1024 * 1024).records)
          builder.add(record, Number.POSITIVE_INFINITY);
        const keys = { PartitionKey: 'a', ExplicitHashKey: '7' };
        const parts = [
          new PackedEntries(packed, 0, middle),
          new AggregateEntry(builder, keys),
          new PackedEntries(packed, middle, packed.size),
        ];
        const { Records } = JSON.parse(String(putRecordsBody({ type: 'name', name: 's' }, parts)));
        const entries = sent.map(({ partitionKey, data }) => ({
          PartitionKey: partitionKey,
          Data: Buffer.from(data).toString('base64'),
        }));
        const aggregate = { ...keys, Data: builder.encode().toString('base64') };
        expect(Records).to.deep.equal([...entries.slice(0, middle), aggregate, ...entries.slice(middle)]);
      }),
      { numRuns: 200 },
    );
  });

  it('has base64 of every length as Node writes it', () => {
    const bytes = Buffer.from(Array.from({ length: 1_002 }, (_, i) => (i * 7919) % 256));
    for (const length of [...Array(420).keys(), 998, 999]) {
      // A source that ends with what is written, within a buffer that has more.
      const source = bytes.subarray(2, 3 + length);
      const target = Buffer.alloc(1_400, '#');
      const end = base64Writer(target, source)(3, 1, length);
      expect(target.toString('latin1', 0, end + 1)).to.equal(`###${source.toString('base64', 1)}#`);
    }
  });

  it('names a stream by its ARN when that is what it was given', () => {
    const arn = 'arn:aws:kinesis:eu-west-1:111122223333:stream/master';
    expect(String(putRecordsBody({ type: 'arn', arn }, []))).to.equal(`{"StreamARN":"${arn}","Records":[]}`);
  });

  it('holds the longest keys that there are, each character escaped', () => {
    const PartitionKey = '\u{1f600}'.repeat(256);
    const ExplicitHashKey = String(2n ** 128n - 1n);
    const records = Array.from({ length: 500 }, () => ({
      PartitionKey,
      ExplicitHashKey,
      Data: new Uint8Array(1),
    }));
    const { Records } = JSON.parse(String(putRecordsBody({ type: 'name', name: 's' }, records)));
    expect(Records).to.have.length(500);
    expect(Records[499]).to.deep.equal({ PartitionKey, ExplicitHashKey, Data: 'AA==' });
  });
});

describe('the answer to a PutRecords', () => {
  const taken = (shards: readonly string[]) => ({
    FailedRecordCount: 0,
    Records: shards.map((ShardId, i) => ({
      SequenceNumber: `4959033827149025660855969253836157109592157598913658${i}`,
      ShardId,
    })),
  });

  it('is the shards alone where each record is in the stream', () => {
    const shards = fc.array(fc.constantFrom('shardId-000000000000', 'shardId-000000000017', 'shard'), {
      minLength: 1,
    });
    fc.assert(
      fc.property(shards, fc.constantFrom({}, { EncryptionType: 'KMS' }), (ids, more) => {
        const answer = taken(ids);
        const expected = { FailedRecordCount: 0, taken: ids };
        expect(read(JSON.stringify({ ...more, ...answer }))).to.deep.equal(expected);
        expect(read(JSON.stringify({ ...answer, ...more }))).to.deep.equal(expected);
      }),
    );
  });

  it('is the shards alone for more of them than are looked for at once, and for names that are no usual ones', () => {
    const ids = Array.from({ length: 400 }, (_, i) => (i < 300 ? `shardId-${i >> 2}` : `a.b(${i >> 5})*`));
    expect(read(JSON.stringify(taken(ids)))).to.deep.equal({ FailedRecordCount: 0, taken: ids });
  });

  it('is read result by result where one of them says anything else', () => {
    const { Records } = taken([0, 1, 0, 0, 0, 0, 0].map((shard) => `shardId-00000000000${shard}`));
    const good = Records[0] as object;
    for (const odd of [
      { ErrorCode: 'InternalFailure', ErrorMessage: 'm' },
      { ...good, ErrorCode: 'InternalFailure' },
      { ErrorCode: 'InternalFailure', ...good },
      { ...good, ErrorCode: null },
      { SequenceNumber: '', ShardId: 'shardId-000000000000' },
      { SequenceNumber: '1', ShardId: '' },
      { SequenceNumber: '1', ShardId: 'a\\b"c' },
      { SequenceNumber: '1"', ShardId: 'shardId-000000000000' },
      { ShardId: 'shardId-000000000000', SequenceNumber: '1' },
      { SequenceNumber: '1' },
    ]) {
      for (let place = 0; place < Records.length; place++) {
        const answer = { FailedRecordCount: 0, Records: Records.with(place, odd as never) };
        expect(read(JSON.stringify(answer)), JSON.stringify(odd)).to.deep.equal(answer);
      }
    }
  });

  it('is read result by result where it counts failures all the same, and where it is spaced', () => {
    const answer = taken(['shardId-000000000000', 'shardId-000000000001']);
    for (const [text, expected] of [
      [JSON.stringify({ ...answer, FailedRecordCount: 1 }), { ...answer, FailedRecordCount: 1 }],
      [JSON.stringify(answer, null, 1), answer],
    ] as const)
      expect(read(text)).to.deep.equal(expected);
  });

  it('is left to the SDK wherever it is cut off', () => {
    const text = JSON.stringify(taken([0, 1, 1, 1, 1].map((shard) => `shardId-00000000000${shard}`)));
    for (let length = 0; length < text.length; length++) expect(read(text.slice(0, length))).to.equal(null);
    expect(read(`${text}]`)).to.equal(null);
  });

  it('is read as the service gives it, failures with it', () => {
    const Records = [
      { SequenceNumber: '1', ShardId: 'shardId-000000000000' },
      { ErrorCode: 'InternalFailure', ErrorMessage: 'm\u00e9' },
    ];
    const text = JSON.stringify({ EncryptionType: 'KMS', FailedRecordCount: 1, Records });
    expect(read(text)).to.deep.equal({ FailedRecordCount: 1, Records });
  });

  for (const text of [
    '',
    '<html>',
    'null',
    '[]',
    '{}',
    '{"FailedRecordCount":0}',
    '{"FailedRecordCount":"0","Records":[]}',
    '{"FailedRecordCount":0,"Records":{}}',
    '{"FailedRecordCount":0,"Records":[null]}',
    '{"FailedRecordCount":0,"Records":[{"SequenceNumber":1}]}',
    '{"FailedRecordCount":0,"Records":[]',
  ])
    it(`is left to the SDK when it is '${text}'`, () => {
      expect(read(text)).to.equal(null);
    });
});

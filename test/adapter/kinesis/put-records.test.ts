import { expect } from 'chai';
import fc from 'fast-check';
import { readPutRecordsAnswer } from '../../../src/pipeline/adapter/kinesis/put-records-answer.ts';
import { putRecordsBody } from '../../../src/pipeline/adapter/kinesis/put-records-body.ts';
import type { RecordEntry } from '../../../src/pipeline/adapter/kinesis/transport.ts';

const entry = fc
  .record(
    {
      PartitionKey: fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' })),
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
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), fc.array(entry), (name, records) => {
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

import { expect } from 'chai';
import type { WireMessage } from '../../../src/pipeline/adapter/adapter.ts';
import { failureOf, recordVerdict, type Verdict } from '../../../src/pipeline/adapter/kinesis/failure.ts';
import { prepare } from '../../../src/pipeline/adapter/kinesis/record.ts';
import { requestLength } from '../../../src/pipeline/adapter/kinesis/request.ts';
import { readResponse } from '../../../src/pipeline/adapter/kinesis/response.ts';
import { check } from '../check.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

describe('how many records go into a request', () => {
  const limits = { maxRecords: 500, maxBytes: 10 * MIB };
  check(
    (sizes: readonly number[]) =>
      requestLength(
        sizes.map((bytes) => ({ bytes, PartitionKey: 'k' })),
        limits,
      ),
    [
      { name: 'none of none', given: [], expected: 0 },
      { name: 'one of one', given: [1], expected: 1 },
      { name: '500 of 500', given: new Array(500).fill(100), expected: 500 },
      { name: '500 of 501', given: new Array(501).fill(100), expected: 500 },
      { name: 'exactly 10 MiB', given: new Array(11).fill(MIB), expected: 10 },
      { name: 'not one byte more', given: [...new Array(9).fill(MIB), MIB + 1, 1], expected: 9 },
      { name: 'one that is too large for any request goes alone', given: [11 * MIB, 1], expected: 1 },
      { name: 'what follows a large one waits for the next request', given: [1, 10 * MIB, 1], expected: 1 },
    ],
  );
});

describe('which records are refused before they are sent', () => {
  check(
    (messages: readonly WireMessage[]) => {
      const { records, rejections } = prepare(messages, MIB);
      return [
        records.map(({ index, bytes }) => [index, bytes]),
        rejections.map(({ index, code, bytes, limit }) => [index, code, bytes, limit]),
      ] as unknown[];
    },
    [
      { name: 'none of none', given: [], expected: [[], []] },
      {
        name: 'a string is measured in UTF-8, with its key',
        given: [{ partitionKey: 'ключ', data: 'größe' }],
        expected: [[[0, 8 + 7]], []],
      },
      {
        name: 'a record of exactly the limit, key included, is not',
        given: [{ partitionKey: 'ab', data: new Uint8Array(MIB - 2) }],
        expected: [[[0, MIB]], []],
      },
      {
        name: 'one byte more is, with its size and the limit; the others go',
        given: [
          { partitionKey: 'a', data: '1' },
          { partitionKey: 'ab', data: new Uint8Array(MIB - 1) },
          { partitionKey: 'c', data: '' },
        ],
        expected: [
          [
            [0, 2],
            [2, 1],
          ],
          [[1, 'RecordTooLarge', MIB + 1, MIB]],
        ],
      },
      {
        name: 'an empty partition key is, and one of 257 characters',
        given: [
          { partitionKey: '', data: '1' },
          { partitionKey: 'k'.repeat(257), data: '1' },
          { partitionKey: '😀'.repeat(256), data: '1' },
        ],
        expected: [
          [[2, 1025]],
          [
            [0, 'InvalidPartitionKey', 1, 256],
            [1, 'InvalidPartitionKey', 258, 256],
          ],
        ],
      },
      {
        name: 'an explicit hash key outside 0 to 2^128 - 1 is, or one that is no number',
        given: [
          { partitionKey: 'k', explicitHashKey: '0', data: '1' },
          { partitionKey: 'k', explicitHashKey: `${2n ** 128n - 1n}`, data: '1' },
          { partitionKey: 'k', explicitHashKey: `${2n ** 128n}`, data: '1' },
          { partitionKey: 'k', explicitHashKey: '-1', data: '1' },
          { partitionKey: 'k', explicitHashKey: '0x1', data: '1' },
          { partitionKey: 'k', explicitHashKey: '', data: '1' },
        ],
        expected: [
          [
            [0, 2],
            [1, 2],
          ],
          [2, 3, 4, 5].map((index) => [index, 'InvalidExplicitHashKey', 2, null]),
        ],
      },
    ],
  );

  it('encodes a string once and leaves bytes as they are', () => {
    const bytes = new Uint8Array([1, 2, 3]);
    const [first, second] = prepare(
      [
        { partitionKey: 'a', explicitHashKey: '7', data: bytes },
        { partitionKey: 'b', data: 'text' },
      ],
      MIB,
    ).records;
    expect(first?.entry).to.deep.equal({ PartitionKey: 'a', ExplicitHashKey: '7', Data: bytes });
    expect(first?.entry.Data).to.equal(bytes);
    expect(second?.entry).to.deep.equal({ PartitionKey: 'b', Data: Buffer.from('text') });
  });
});

describe('what an answered PutRecords means', () => {
  const good = { SequenceNumber: '1', ShardId: 'shardId-000000000000' };
  const throttled = {
    ErrorCode: 'ProvisionedThroughputExceededException',
    ErrorMessage: 'Rate exceeded for shard shardId-000000000003 in stream orders under account 111122223333.',
  };
  check(
    ({ records, response }: { records: number; response: Parameters<typeof readResponse>[1] }) =>
      readResponse(records, response).outcomes?.map((outcome) =>
        outcome === 'delivered' ? outcome : [outcome.code, outcome.verdict, outcome.shardId],
      ) ?? ('all delivered' as unknown),
    [
      {
        name: 'a sequence number is a record delivered',
        given: { records: 2, response: { FailedRecordCount: 0, Records: [good, good] } },
        expected: 'all delivered',
      },
      {
        name: 'what has been read as taken is delivered',
        given: { records: 2, response: { taken: ['shardId-000000000000', 'shardId-000000000001'] } },
        expected: 'all delivered',
      },
      {
        name: 'not as many taken as were sent',
        given: { records: 2, response: { taken: ['shardId-000000000000'] } },
        expected: Array(2).fill(['ResponseLengthMismatch', 'retry', null]),
      },
      {
        name: 'a throttled record is to be sent again, and names its shard',
        given: { records: 3, response: { FailedRecordCount: 1, Records: [good, throttled, good] } },
        expected: [
          'delivered',
          ['ProvisionedThroughputExceededException', 'throttle', 'shardId-000000000003'],
          'delivered',
        ],
      },
      {
        name: 'the count of failures is not relied on',
        given: { records: 1, response: { FailedRecordCount: 0, Records: [throttled] } },
        expected: [['ProvisionedThroughputExceededException', 'throttle', 'shardId-000000000003']],
      },
      {
        name: 'an internal failure is tried again',
        given: { records: 1, response: { Records: [{ ErrorCode: 'InternalFailure' }] } },
        expected: [['InternalFailure', 'retry', null]],
      },
      {
        name: 'an unknown code is tried again, under its own name',
        given: { records: 1, response: { Records: [{ ErrorCode: 'SomethingNew', ErrorMessage: 'x' }] } },
        expected: [['SomethingNew', 'retry', null]],
      },
      {
        name: 'a record that is called invalid is condemned',
        given: { records: 1, response: { Records: [{ ErrorCode: 'InvalidArgumentException' }] } },
        expected: [['InvalidArgumentException', 'invalid', null]],
      },
      {
        name: 'a result that says nothing is not taken for a delivery',
        given: { records: 1, response: { Records: [{}] } },
        expected: [['MissingSequenceNumber', 'retry', null]],
      },
      {
        name: 'fewer results than records: none is taken for delivered',
        given: { records: 2, response: { Records: [good] } },
        expected: [
          ['ResponseLengthMismatch', 'retry', null],
          ['ResponseLengthMismatch', 'retry', null],
        ],
      },
      {
        name: 'no results at all: none is taken for delivered',
        given: { records: 1, response: {} },
        expected: [['ResponseLengthMismatch', 'retry', null]],
      },
    ],
  );

  it('takes "too large" for one record of a request as that record’s fault', () => {
    expect(recordVerdict('RequestEntityTooLarge')).to.equal('invalid');
  });
});

describe('what a thrown error means', () => {
  const thrown = (fields: object) => Object.assign(new Error('message'), fields);
  const service = (name: string, status = 400) => thrown({ name, $metadata: { httpStatusCode: status } });
  const system = (code: string) => thrown({ code });
  const cases: [string, unknown, string, Verdict][] = [
    ...(
      [
        ['ProvisionedThroughputExceededException', 'throttle'],
        ['LimitExceededException', 'throttle'],
        ['ThrottlingException', 'throttle'],
        ['KMSThrottlingException', 'throttle'],
        ['InternalFailureException', 'retry'],
        ['RequestTimeTooSkewed', 'retry'],
        ['ResourceNotFoundException', 'pause'],
        ['ResourceInUseException', 'pause'],
        ['AccessDeniedException', 'pause'],
        ['ExpiredTokenException', 'pause'],
        ['UnrecognizedClientException', 'pause'],
        ['InvalidSignatureException', 'pause'],
        ['KMSDisabledException', 'pause'],
        ['KMSNotFoundException', 'pause'],
        ['KMSInvalidStateException', 'pause'],
        ['KMSAccessDeniedException', 'pause'],
        ['KMSOptInRequired', 'pause'],
        ['InvalidArgumentException', 'invalid'],
        ['ValidationException', 'invalid'],
        ['SerializationException', 'invalid'],
        ['ABrandNewRefusalException', 'pause'],
      ] as const
    ).map(([name, verdict]): [string, unknown, string, Verdict] => [name, service(name), name, verdict]),
    ...[
      'ECONNRESET',
      'ECONNREFUSED',
      'EPIPE',
      'ETIMEDOUT',
      'ENOTFOUND',
      'EAI_AGAIN',
      'EHOSTUNREACH',
      'ENETUNREACH',
    ].map((code): [string, unknown, string, Verdict] => [code, system(code), code, 'retry']),
    ...[500, 502, 503, 504].map((status): [string, unknown, string, Verdict] => [
      `a bare ${status}`,
      service('UnknownError', status),
      `HTTP ${status}`,
      'retry',
    ]),
    ['a bare 408', service('UnknownError', 408), 'HTTP 408', 'retry'],
    ['a bare 413', service('UnknownError', 413), 'HTTP 413', 'too-large'],
    ['a bare 429', service('UnknownError', 429), 'HTTP 429', 'throttle'],
    ['a bare 403', service('UnknownError', 403), 'HTTP 403', 'pause'],
    [
      "a proxy's page with status 200",
      thrown({ name: 'SyntaxError', $response: { statusCode: 200 } }),
      'HTTP 200',
      'retry',
    ],
    [
      'an answer that cannot be read',
      Object.assign(new TypeError('x'), { $metadata: { httpStatusCode: 200 } }),
      'TypeError',
      'retry',
    ],
    [
      "what is invalid in the stream's name and not in a record",
      Object.assign(new Error("Value 'x' at 'streamARN' failed to satisfy constraint"), {
        name: 'ValidationException',
      }),
      'ValidationException',
      'pause',
    ],
    [
      'what is invalid in a record',
      Object.assign(new Error("Value '' at 'records.3.member.partitionKey' failed to satisfy constraint"), {
        name: 'ValidationException',
      }),
      'ValidationException',
      'invalid',
    ],
    [
      'a signature made by a wrong clock',
      Object.assign(new Error('Signature expired: 20250101T000000Z is now earlier than 20250101T020000Z'), {
        name: 'InvalidSignatureException',
      }),
      'InvalidSignatureException',
      'retry',
    ],
    ['a timeout', thrown({ name: 'TimeoutError' }), 'TimeoutError', 'retry'],
    [
      'credentials that cannot be had',
      thrown({ name: 'CredentialsProviderError' }),
      'CredentialsProviderError',
      'pause',
    ],
    [
      'an HTTP/2 session that is gone',
      system('ERR_HTTP2_INVALID_SESSION'),
      'ERR_HTTP2_INVALID_SESSION',
      'retry',
    ],
    [
      'ENHANCE_YOUR_CALM, which Node only names in the text',
      Object.assign(new Error('Stream closed with error code NGHTTP2_ENHANCE_YOUR_CALM'), {
        code: 'ERR_HTTP2_STREAM_ERROR',
      }),
      'NGHTTP2_ENHANCE_YOUR_CALM',
      'retry',
    ],
    [
      'a certificate that is not trusted',
      system('SELF_SIGNED_CERT_IN_CHAIN'),
      'SELF_SIGNED_CERT_IN_CHAIN',
      'pause',
    ],
    ['an error that nobody knows', new Error('what?'), 'Error', 'retry'],
  ];
  check(
    (error: unknown): unknown => {
      const failure = failureOf(error);
      return failure === 'bug' ? failure : [failure.code, failure.verdict];
    },
    [
      ...cases.map(([name, given, code, verdict]) => ({
        name: `${name}: ${verdict}`,
        given,
        expected: [code, verdict] as unknown,
      })),
      { name: 'a TypeError without an answer: a bug', given: new TypeError('x'), expected: 'bug' },
      { name: 'something that is no error: a bug', given: 'thrown text', expected: 'bug' },
      { name: 'a failed assertion: a bug', given: system('ERR_ASSERTION'), expected: 'bug' },
    ],
  );
});

import { inspect } from 'node:util';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  BeamlineError,
  type ErrorCode,
  type ErrorFields,
  errorClasses,
  isBeamlineError,
} from '../../src/pipeline/errors.ts';

/** A typical error of each code, and texts that its message must have: what came, and what to do. */
const SAMPLES: { readonly [C in ErrorCode]: readonly [ErrorFields[C], ...string[]] } = {
  ERR_OPTIONS: [
    {
      call: 'Application.start()',
      problems: [
        { type: 'invalid', path: 'batchSize', came: '0', expected: 'a whole number' },
        {
          type: 'unknown',
          path: 'max',
          came: 'a number',
          suggestion: null,
          valid: ['batchSize', 'maxDemand'],
        },
      ],
    },
    'Application.start()',
    'batchSize: expected a whole number; 0 came',
    'There are: batchSize, maxDemand',
  ],
  ERR_SPOOL_MODULE: [
    { reason: "Cannot find package 'lmdb'" },
    "Cannot find package 'lmdb'",
    'npm install lmdb',
  ],
  ERR_SPOOL_DIRECTORY: [
    { directory: '/var/spool', reason: 'EROFS: read-only file system' },
    '/var/spool',
    'EROFS',
    'a local disk',
  ],
  ERR_SPOOL_OWNED: [
    { directory: '/var/spool', pid: 4711, host: 'web-1', since: '2026-01-01T00:00:00.000Z' },
    'process 4711 on web-1',
    'Stop that one first',
  ],
  ERR_SPOOL_VERSION: [
    { directory: '/var/spool', found: 9, expected: 1 },
    'form 9',
    'form 1',
    'another folder',
  ],
  ERR_NOT_RUNNING: [{ call: 'SignUp.record()' }, 'SignUp.record()', 'Call Application.start() first'],
  ERR_ALREADY_RUNNING: [{}, 'stop()'],
  ERR_IN_RECORD_THREAD: [
    { recordType: 'SignUp', url: 'file:///app/server.js' },
    "'SignUp'",
    'file:///app/server.js',
    'a file of its own',
  ],
  ERR_RECORD_MODULE: [
    { recordType: 'SignUp', url: 'file:///app/a.js', found: { type: 'definitions', names: ['SignIn'] } },
    "'SignUp'",
    'file:///app/a.js',
    "'SignIn'",
    'import.meta.url',
  ],
  ERR_TYPE_CONFLICT: [
    { recordType: 'SignUp', urls: ['file:///app/a.js', 'file:///app/b.js'] },
    'file:///app/a.js',
    'file:///app/b.js',
    'Rename',
  ],
  ERR_TYPE_NOT_DEFINED: [{ recordType: 'SignUp', defined: [] }, "'SignUp'", 'none', 'Import the module'],
  ERR_DEFINITION: [
    {
      recordType: null,
      problems: [
        {
          type: 'unknown',
          path: 'handelEvent',
          came: 'a function',
          suggestion: 'handleEvent',
          valid: ['handleEvent'],
        },
      ],
    },
    'Records.define()',
    'did you mean handleEvent?',
  ],
  ERR_MESSAGE: [
    { argument: 'data', came: 'a function', expected: 'a string' },
    'data',
    'a function',
    'a string',
  ],
  ERR_EVENT_INVALID: [
    { recordType: 'SignUp', paths: ['user.id', 'items[0]'] },
    "'SignUp'",
    'user.id, items[0]',
    'cause',
  ],
  ERR_SCHEMA_ASYNC: [{ recordType: 'SignUp' }, "'SignUp'", 'promise'],
  ERR_QUEUE_FULL: [{ recordType: 'SignUp', queueBytes: 67_108_864 }, '67108864', 'raise queueBytes'],
  ERR_TOO_MANY_CONFIRMATIONS: [{ recordType: 'SignUp' }, 'SignUp', 'call record()'],
  ERR_DEAD_LETTERED: [{ recordType: 'SignUp', id: 'b-1-7' }, 'b-1-7', 'deadLetter'],
  ERR_STOPPED: [{ recordType: 'SignUp', id: 'b-1-7' }, 'b-1-7', 'timeoutMs'],
  ERR_ABORTED: [{ recordType: 'SignUp', id: 'b-1-7' }, 'b-1-7', 'do not record it again'],
  ERR_START_TIMEOUT: [
    { recordType: 'SignUp', url: 'file:///app/a.js', startTimeoutMs: 10_000 },
    '10000 ms',
    'file:///app/a.js',
    'raise startTimeoutMs',
  ],
  ERR_HANDLE_TIMEOUT: [
    { recordType: 'SignUp', handleTimeoutMs: 60_000, attempt: 2 },
    '60000 ms',
    'attempt 2',
    'raise handleTimeoutMs',
  ],
  ERR_PARTITION_BY: [
    { recordType: 'SignUp', id: 'b-1-7', came: 'undefined came' },
    'SignUp',
    'b-1-7 undefined came',
    'a text or a finite number',
  ],
  ERR_THREAD_DIED: [{ recordType: 'SignUp', attempts: 7 }, 'SignUp', '7 attempts'],
};

const codes = Object.keys(SAMPLES) as ErrorCode[];
const sample = <C extends ErrorCode>(code: C, cause?: unknown): BeamlineError<C> =>
  new BeamlineError(code, SAMPLES[code][0] as ErrorFields[C], cause === undefined ? undefined : { cause });

/** To another thread and back, as far as an error of ours is concerned. */
function crossed(error: BeamlineError): BeamlineError {
  const { name, code, message, stack, cause, fields } = error;
  const plain = structuredClone({ name, code, message, stack, cause, fields });
  return errorClasses.get(plain.code)!(plain);
}

function expectSame(arrived: BeamlineError, sent: BeamlineError): void {
  expect(arrived).to.be.instanceOf(BeamlineError);
  expect(arrived).to.include({ name: sent.name, code: sent.code, message: sent.message, stack: sent.stack });
  expect(arrived.fields).to.deep.equal(sent.fields);
  expect(arrived.cause).to.deep.equal(sent.cause);
  expect('cause' in arrived).to.equal('cause' in sent);
}

describe('BeamlineError', () => {
  it('says what came and what to do, under every code', () => {
    for (const code of codes) {
      const [, ...texts] = SAMPLES[code];
      for (const text of texts) expect(sample(code).message, code).to.include(text);
    }
  });

  it('says why a record module could not be imported', () => {
    const found = { type: 'import-failed', reason: 'no such file' } as const;
    const error = new BeamlineError('ERR_RECORD_MODULE', {
      recordType: 'SignUp',
      url: 'file:///a.js',
      found,
    });
    expect(error.message).to.include(
      "no such file. So the thread of record type 'SignUp' could not import its module file:///a.js",
    );
  });

  it('tells an event that was refused from one that is under way', () => {
    const event = { recordType: 'SignUp', id: null };
    expect(new BeamlineError('ERR_STOPPED', event).message).to.include('was refused');
    expect(new BeamlineError('ERR_ABORTED', event).message).to.include('was not recorded');
  });

  it('names itself in its stack and shows its code when it is printed', () => {
    const error = sample('ERR_QUEUE_FULL');
    expect(error.stack).to.match(/^BeamlineError: The queue of/);
    expect(inspect(error)).to.include("code: 'ERR_QUEUE_FULL'");
    expect(Object.keys(error)).to.deep.equal(['code', 'fields']);
  });

  it('has its fields typed by its code', () => {
    const error: unknown = sample('ERR_QUEUE_FULL');
    if (!isBeamlineError(error) || error.code !== 'ERR_QUEUE_FULL') throw error;
    error.fields.queueBytes satisfies number;
    expect(error.fields.queueBytes).to.equal(67_108_864);
    expect(isBeamlineError(new Error('another'))).to.equal(false);
  });

  it('comes through a thread crossing whole, under every code', () => {
    expect([...errorClasses.keys()]).to.have.members(codes);
    for (const code of codes) {
      for (const sent of [sample(code), sample(code, new TypeError('x is not a function'))]) {
        expectSame(crossed(sent), sent);
      }
    }
  });

  it('comes through a thread crossing whole, whatever its texts are', () => {
    const text = fc.string({ unit: 'grapheme' });
    const problem = fc.oneof(
      fc.record({ type: fc.constant('invalid' as const), path: text, came: text, expected: text }),
      fc.record({
        type: fc.constant('unknown' as const),
        path: text,
        came: text,
        suggestion: fc.option(text),
        valid: fc.array(text),
      }),
    );
    fc.assert(
      fc.property(text, fc.array(problem), (call, problems) => {
        const sent = new BeamlineError('ERR_OPTIONS', { call, problems });
        expectSame(crossed(sent), sent);
      }),
    );
  });
});

import { expect } from 'chai';
import { type BeamlineError, isBeamlineError, type OptionProblem } from '../../../src/pipeline/errors.ts';
import {
  type ApplicationOptions,
  type ApplicationOptionsInput,
  describeOptions,
  parseApplicationOptions,
  parseTypeOptions,
  parseTypeOverrides,
  type TypeOptions,
  type TypeOptionsInput,
  typeOptionNames,
} from '../../../src/pipeline/options/options.ts';
import { applicationOptions, typeOptions } from '../../../src/pipeline/options/options-table.ts';

const MIB = 2 ** 20;
const adapter = { module: 'file:///adapter.js', options: { region: 'eu-west-1' } };

function refusal(parse: () => unknown): BeamlineError<'ERR_OPTIONS'> {
  try {
    parse();
  } catch (error) {
    if (isBeamlineError(error) && error.code === 'ERR_OPTIONS') return error;
    throw error;
  }
  throw new Error('the options were accepted');
}

/** One refused option: `came` and `expected` are texts that its remark must contain. */
function refused(path: string, input: object, came: string, expected: string): void {
  const error = refusal(() => parseApplicationOptions({ adapter, ...input }));
  expect(error.fields.problems.map((problem) => problem.path)).to.deep.equal([path]);
  const problem = error.fields.problems[0] as OptionProblem & { type: 'invalid' };
  expect(problem.type).to.equal('invalid');
  expect(problem.came).to.equal(came);
  expect(problem.expected).to.include(expected);
  expect(error.message).to.include(`${path}: expected ${problem.expected}; ${came} came`);
}

/** One name that there is not. */
function unknown(path: string, input: object, suggestion: string | null): void {
  const error = refusal(() => parseApplicationOptions({ adapter, ...input }));
  const problem = error.fields.problems[0] as OptionProblem & { type: 'unknown' };
  expect(error.fields.problems).to.have.length(1);
  expect(problem).to.include({ type: 'unknown', path, suggestion });
  expect(error.message).to.include(
    suggestion === null ? `There are: ${problem.valid.join(', ')}` : suggestion,
  );
}

describe('Options of an application', () => {
  it('have the documented defaults', () => {
    const { logger, ...rest } = parseApplicationOptions({ adapter });
    expect(rest).to.deep.equal({
      adapter,
      batchSize: 500,
      flushIntervalMs: 1000,
      maxDemand: 50,
      queueBytes: 64 * MIB,
      parkedBytes: 16 * MIB,
      maxEventBytes: 256 * 1024,
      maxAttempts: 5,
      backoff: { initialMs: 200, maxMs: 30_000, factor: 2, jitter: 1 },
      handleTimeoutMs: 60_000,
      hangTimeoutMs: 30_000,
      startTimeoutMs: 10_000,
      stableMs: 60_000,
      terminateTimeoutMs: 5000,
      resourceLimits: {},
      niceness: 5,
      isolation: 'thread',
      spool: false,
      deadLetter: 'auto',
      handleSignals: false,
      exitTimeoutMs: 5000,
    });
    expect(logger.warn).to.be.a('function');
  });

  it('take what is given, and the default for what is undefined', () => {
    const options = parseApplicationOptions({ adapter, batchSize: 7, maxDemand: undefined });
    expect(options).to.include({ batchSize: 7, maxDemand: 50 });
  });

  it('take a part of backoff and fill in the rest', () => {
    const { backoff } = parseApplicationOptions({ adapter, backoff: { maxMs: 5000, jitter: 0.5 } });
    expect(backoff).to.deep.equal({ initialMs: 200, maxMs: 5000, factor: 2, jitter: 0.5 });
  });

  it('are rounded up to whole segments where memory is made of them', () => {
    const options = parseApplicationOptions({ adapter, queueBytes: 100_000_000 });
    expect(options).to.include({ queueBytes: 96 * MIB });
  });

  it('pass on the very objects and functions that were given', () => {
    const given = {
      adapter: { module: new URL('file:///adapter.js'), functions: { credentials: async () => 'hush' } },
      deadLetter: () => {},
      logger: { debug() {}, info() {}, warn() {}, error() {}, child: () => given.logger },
    };
    const options = parseApplicationOptions(given);
    expect(options.adapter).to.equal(given.adapter);
    expect(options.deadLetter).to.equal(given.deadLetter);
    expect(options.logger).to.equal(given.logger);
    expect(Object.isFrozen(given.adapter)).to.equal(false);
  });

  it('cannot be changed once they are parsed', () => {
    const options = parseApplicationOptions({ adapter }) as { batchSize: number; backoff: { maxMs: number } };
    expect(() => {
      options.batchSize = 1;
    }).to.throw(TypeError);
    expect(() => {
      options.backoff.maxMs = 1;
    }).to.throw(TypeError);
  });
});

describe('An option that cannot be used', () => {
  it('is named with what came and what is valid', () => {
    refused('batchSize', { batchSize: 0 }, '0', 'a whole number of events from 1 to 10,000');
    refused('batchSize', { batchSize: 10_001 }, '10001', 'a whole number of events from 1 to 10,000');
    refused('batchSize', { batchSize: '500' }, '"500"', 'a whole number');
    refused('batchSize', { batchSize: null }, 'null', 'a whole number');
    refused('flushIntervalMs', { flushIntervalMs: 1.5 }, '1.5', 'a whole number of ms from 1 to 3,600,000');
    refused('handleTimeoutMs', { handleTimeoutMs: Number.POSITIVE_INFINITY }, 'Infinity', 'a whole number');
    refused('hangTimeoutMs', { hangTimeoutMs: Number.NaN }, 'NaN', 'a whole number');
    refused('queueBytes', { queueBytes: 4096 }, '4096', 'a whole number of bytes from 2 MiB to 1 GiB');
    refused('maxEventBytes', { maxEventBytes: 10n }, '10n', 'from 1 KiB to 1,000 KiB');
    refused('backoff', { backoff: 5 }, '5', 'an object with any of initialMs, maxMs, factor, jitter');
    refused('backoff.factor', { backoff: { factor: 0.5 } }, '0.5', 'a number from 1 to 10');
    refused('isolation', { isolation: 'process' }, '"process"', "'thread' or 'inline'");
    refused('deadLetter', { deadLetter: { file: '' } }, 'an object', '{ file: path }');
    for (const spool of [
      { directory: '' },
      { maxBytes: 2 ** 30 },
      { directory: '/var/spool', maxBytes: 5 },
      { directory: '/var/spool', size: 2 ** 30 },
    ]) {
      refused('spool', { spool }, 'an object', '{ directory: path');
    }
    refused(
      'deadLetter',
      { deadLetter: { file: 'a', maxBytes: 4095 } },
      'an object',
      'maxBytes from 4 KiB on',
    );
    refused('deadLetter', { deadLetter: { file: 'a', keep: 0 } }, 'an object', 'keep from 1 to 1,000');
    refused('deadLetter', { deadLetter: { file: 'a', rotate: true } }, 'an object', '{ file: path }');
    refused('handleSignals', { handleSignals: 'SIGTERM' }, '"SIGTERM"', 'true or false');
    refused('logger', { logger: { warn() {} } }, 'an object', 'debug, info, warn, error, child');
    refused('adapter', { adapter: undefined }, 'undefined', 'kinesis({ ... })');
    refused('adapter', { adapter: class Kinesis {} }, 'a function', 'kinesis({ ... })');
  });

  it('may also be the whole', () => {
    for (const [input, came] of [
      [undefined, 'undefined'],
      [null, 'null'],
      ['kinesis', 'a string of 7 characters'],
    ] as const) {
      const error = refusal(() => parseApplicationOptions(input));
      expect(error.message).to.include(`options: expected an object of options; ${came} came`);
    }
  });

  it('is refused when it contradicts another', () => {
    refused(
      'backoff.initialMs',
      { backoff: { initialMs: 5, maxMs: 2 } },
      '5',
      'at most backoff.maxMs, which is 2',
    );
    refused('backoff.initialMs', { backoff: { maxMs: 100 } }, '200', 'at most backoff.maxMs, which is 100');
  });

  it('is refused when there is no such option, with the one that was probably meant', () => {
    unknown('batchsize', { batchsize: 5 }, 'batchSize');
    unknown('bacthSize', { bacthSize: 5 }, 'batchSize');
    unknown('flushInterval', { flushInterval: 5 }, 'flushIntervalMs');
    unknown('backoff.maxMS', { backoff: { maxMS: 5 } }, 'backoff.maxMs');
    unknown('backoff.delay', { backoff: { delay: 5 } }, null);
    unknown('colour', { colour: 'red' }, null);
    unknown('toString', { toString: 1 }, null);
    unknown('x'.repeat(1000), { ['x'.repeat(1000)]: 1 }, null);
  });

  it('of a definition says so when it stands in Application.start()', () => {
    const error = refusal(() => parseApplicationOptions({ adapter, partitionBy: () => 'key' }));
    expect(error.fields.problems).to.have.length(1);
    expect(error.fields.problems[0]).to.include({ type: 'invalid', path: 'partitionBy', came: 'a function' });
    expect(error.message).to.include('it in Records.define()');
  });

  it('is named together with all others, each once', () => {
    const error = refusal(() =>
      parseApplicationOptions({
        batchSize: -0.5,
        colour: 'red',
        shape: 1,
        backoff: { initialMs: 9, maxMs: 1, x: 0 },
      }),
    );
    const paths = error.fields.problems.map(({ path }) => path);
    expect(paths).to.have.members([
      'adapter',
      'batchSize',
      'backoff.initialMs',
      'backoff.x',
      'colour',
      'shape',
    ]);
    expect(error.message).to.match(/^Application\.start\(\) cannot use these 6 options:\n/);
    expect(error.message.match(/There are: adapter/g)).to.have.length(1);
  });

  it('is never shown when it may be a secret', () => {
    const secret = 'hush-hush';
    const error = refusal(() =>
      parseApplicationOptions({
        adapter: { credentials: secret },
        awsSecretAccessKey: secret,
        password: secret,
        endpoint: `https://user:${secret}@example.com`,
        backoff: { token: secret },
      }),
    );
    expect(error.fields.problems).to.have.length(5);
    expect(JSON.stringify(error.fields) + error.stack).to.not.include(secret);
  });
});

describe('Options of a record type', () => {
  const application = parseApplicationOptions({
    adapter,
    batchSize: 100,
    backoff: { initialMs: 50, maxMs: 400 },
  });
  const of = (input: unknown) => parseTypeOptions(input, application, 'SignUp');

  it("are the application's where the definition says nothing", () => {
    const options = of({});
    expect(options.batchSize).to.equal(100);
    expect(options).to.have.all.keys(...typeOptionNames);
    for (const name of typeOptionNames) expect(options[name]).to.deep.equal(application[name]);
  });

  it("are the definition's where it overrides, a backoff field by field", () => {
    const options = of({ batchSize: 10, maxDemand: undefined, backoff: { maxMs: 60 } });
    expect(options).to.include({ batchSize: 10, maxDemand: 50 });
    expect(options.backoff).to.deep.equal({ initialMs: 50, maxMs: 60, factor: 2, jitter: 1 });
  });

  it('are checked when the type is defined, without an application', () => {
    const overrides = parseTypeOverrides({ batchSize: 10, backoff: { maxMs: 60 } }, 'SignUp');
    expect(overrides).to.deep.equal({ batchSize: 10, backoff: { maxMs: 60 } });
    expect(of(overrides).batchSize).to.equal(10);
    const error = refusal(() => parseTypeOverrides({ batchSize: 'all', maxdemand: 3 }, 'SignUp'));
    expect(error.message).to.match(/^Records\.define\(\) of 'SignUp' cannot use these 2 options:/);
  });

  it("are refused when they contradict the application's", () => {
    const error = refusal(() => of({ backoff: { maxMs: 20 } }));
    expect(error.message).to.include(
      'backoff.initialMs: expected at most backoff.maxMs, which is 20; 50 came',
    );
  });

  it('do not include what is for the whole application', () => {
    const error = refusal(() => of({ handleSignals: true, logger: {} }));
    expect(error.fields.problems.map(({ type, path }) => `${type} ${path}`)).to.deep.equal([
      'invalid handleSignals',
      'invalid logger',
    ]);
    expect(error.message).to.include('it in Application.start()');
  });
});

describe('The description of the options', () => {
  const rows = describeOptions();

  it('has a complete row for each, a group by its fields', () => {
    const names = Object.keys(applicationOptions).flatMap((name) =>
      name === 'backoff'
        ? ['initialMs', 'maxMs', 'factor', 'jitter'].map((field) => `backoff.${field}`)
        : [name],
    );
    names.push('partitionBy');
    expect(rows.map(({ name }) => name)).to.deep.equal(names);
    for (const { type, default: fallback, doc } of rows) {
      expect(type).to.not.equal('');
      expect(fallback).to.not.equal('');
      expect(doc).to.match(/^[A-Z].*\.$/);
    }
  });

  it('shows defaults and bounds in their units', () => {
    const row = (name: string) => rows.find((candidate) => candidate.name === name);
    expect(row('batchSize')).to.include({
      default: '500',
      bounds: '1 to 10,000',
      unit: 'events',
      perType: true,
    });
    expect(row('queueBytes')).to.include({
      default: '64 MiB',
      bounds: '2 MiB to 1 GiB, rounded up to 1 MiB',
    });
    expect(row('backoff.maxMs')).to.include({ default: '30,000', unit: 'ms', perType: true });
    expect(row('exitTimeoutMs')).to.include({ default: '5,000', perType: false });
    expect(row('partitionBy')).to.include({ default: 'none', perType: 'only' });
  });

  it('gives every default within its own bounds', () => {
    expect(() => parseTypeOptions({}, parseApplicationOptions({ adapter }), 'SignUp')).to.not.throw();
  });

  it('allows no event that is larger than the smallest queue', () => {
    const largest = parseApplicationOptions({ adapter, maxEventBytes: 1000 * 1024 });
    const smallest = parseApplicationOptions({ adapter, queueBytes: 2 * MIB });
    expect(() => parseApplicationOptions({ adapter, maxEventBytes: 1000 * 1024 + 1 })).to.throw();
    expect(() => parseApplicationOptions({ adapter, queueBytes: 2 * MIB - 1 })).to.throw();
    expect(largest.maxEventBytes).to.be.below(smallest.queueBytes);
  });
});

describe('The types of the options', () => {
  it('follow from the table', () => {
    const types = (application: ApplicationOptions, type: TypeOptions): void => {
      application.isolation satisfies 'thread' | 'inline';
      application.backoff.factor satisfies number;
      type.queueBytes satisfies number;
      // @ts-expect-error an option of the application is not one of a type
      type.handleSignals;
      // @ts-expect-error parsed options are made by parsing only
      ({ ...typeOptions }) satisfies TypeOptions;
      ({ batchSize: 3, backoff: { maxMs: 5 } }) satisfies TypeOptionsInput;
      ({
        adapter: { module: new URL('file:///adapter.js') },
        deadLetter: ({ id, attempts }) => void `${id.length} ${attempts.toFixed()}`,
      }) satisfies ApplicationOptionsInput;
      // @ts-expect-error an application needs an adapter
      ({}) satisfies ApplicationOptionsInput;
      // @ts-expect-error there is no such option
      ({ adapter: { module: 'file:///adapter.js' }, batchsize: 3 }) satisfies ApplicationOptionsInput;
      // @ts-expect-error not a number
      ({ batchSize: '3' }) satisfies TypeOptionsInput;
    };
    expect(types).to.be.a('function');
  });
});

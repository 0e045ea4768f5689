/** What operations set by the environment: under what the code says, over the defaults, and shown with its source. */
import { expect } from 'chai';
import { kinesis, Records } from '../../src/index.ts';
import { type ObserveOptions, parseObserveOptions } from '../../src/observer/options.ts';
import { isBeamlineError } from '../../src/pipeline/errors.ts';
import {
  type EnvironmentVariableName,
  environmentVariables,
} from '../../src/pipeline/options/environment-variables.ts';
import { parseApplicationOptions, shownOptions } from '../../src/pipeline/options/options.ts';
import { memory } from '../../src/testing/index.ts';
import { stage, thrown } from './support/application.ts';

type Variables = Partial<Record<EnvironmentVariableName, string>>;

describe('The environment', () => {
  let kept: NodeJS.ProcessEnv;
  beforeEach(() => {
    kept = { ...process.env };
    for (const name of Object.keys(environmentVariables)) delete process.env[name];
  });
  afterEach(() => {
    process.env = kept;
  });
  const set = (variables: Variables): void => void Object.assign(process.env, variables);

  it('gives kinesis() its region, endpoint and streams, where the code does not', () => {
    set({
      BEAMLINE_REGION: 'eu-west-1',
      BEAMLINE_ENDPOINT: 'http://localhost:4567',
      BEAMLINE_STREAMS: 'signup=prod-signup, master=arn:aws:kinesis:eu-west-1:123456789012:stream/master',
    });
    const streams = {
      signup: 'prod-signup',
      master: 'arn:aws:kinesis:eu-west-1:123456789012:stream/master',
    };
    expect(kinesis().options).to.deep.include({
      region: 'eu-west-1',
      endpoint: 'http://localhost:4567',
      streams,
    });
    expect(kinesis({ region: 'us-east-1', streams: { signup: 'other' } }).options).to.deep.include({
      region: 'us-east-1',
      endpoint: 'http://localhost:4567',
      streams: { ...streams, signup: 'other' },
    });
    set({ BEAMLINE_REGION: ' ' });
    expect(kinesis().options, 'nothing is not set').to.not.have.property('region');
  });

  for (const [variables, name] of [
    [{ BEAMLINE_ENDPOINT: 'localhost:4567' }, 'BEAMLINE_ENDPOINT'],
    [{ BEAMLINE_REGION: 'eu west' }, 'BEAMLINE_REGION'],
    [{ BEAMLINE_STREAMS: 'signup' }, 'BEAMLINE_STREAMS'],
    [{ BEAMLINE_STREAMS: '=prod' }, 'BEAMLINE_STREAMS'],
  ] as const) {
    it(`is named when kinesis() cannot use it: ${JSON.stringify(variables)}`, () => {
      set(variables);
      const error = thrown(() => kinesis());
      expect(error).to.include({ code: 'ERR_OPTIONS' });
      expect(error.message).to.include(`${name}: expected ${environmentVariables[name].expected}`);
    });
  }

  it('says how much the default logger says, and is named beside what else is wrong', () => {
    set({ BEAMLINE_LOG_LEVEL: 'loud' });
    const error = thrown(() => parseApplicationOptions({ adapter: memory(), batchSize: 0 }));
    if (!isBeamlineError(error) || error.code !== 'ERR_OPTIONS') throw error;
    expect(error.fields.problems.map(({ path }) => path)).to.deep.equal(['batchSize', 'BEAMLINE_LOG_LEVEL']);

    set({ BEAMLINE_LOG_LEVEL: 'silent' });
    const { logger } = parseApplicationOptions({ adapter: memory() });
    const { write } = process.stderr;
    const lines: unknown[] = [];
    process.stderr.write = ((line: unknown) => lines.push(line)) as never;
    try {
      logger.error({}, 'not said');
    } finally {
      process.stderr.write = write;
    }
    expect(lines).to.deep.equal([]);
  });

  it('switches the spool on, unless the code says that there is none', () => {
    set({ BEAMLINE_SPOOL_DIRECTORY: '/var/lib/shop' });
    const parsed = parseApplicationOptions({ adapter: memory() });
    expect(parsed.spool).to.include({ directory: '/var/lib/shop' });
    expect(shownOptions(parsed)).to.deep.include({
      name: 'spool.directory',
      recordType: null,
      value: '"/var/lib/shop"',
      source: 'environment',
    });
    expect(parseApplicationOptions({ adapter: memory(), spool: false }).spool).to.equal(false);
    expect(parseApplicationOptions({ adapter: memory(), spool: { directory: '/x' } }).spool).to.include({
      directory: '/x',
    });
  });

  it('gives the observer its port, and says that it did', () => {
    const source = (options?: ObserveOptions) =>
      parseObserveOptions(options).shown.find(({ name }) => name === 'observe().port');
    expect(source()).to.include({ value: '4680', source: 'default' });
    set({ BEAMLINE_OBSERVER_PORT: '4711' });
    expect(parseObserveOptions().port).to.equal(4711);
    expect(source()).to.include({ value: '4711', source: 'environment' });
    expect(parseObserveOptions({ port: 0 }).port).to.equal(0);
    expect(source({ port: 0 })).to.include({ value: '0', source: 'code' });
    set({ BEAMLINE_OBSERVER_PORT: 'http' });
    expect(thrown(() => parseObserveOptions()).message).to.include('BEAMLINE_OBSERVER_PORT');
  });

  it('is told from the code and the defaults in what is shown of the options', () => {
    set({ BEAMLINE_LOG_LEVEL: 'error' });
    const shown = shownOptions(
      parseApplicationOptions({
        adapter: memory(),
        batchSize: 200,
        backoff: { maxMs: 900 },
        maxDemand: undefined,
      }),
    );
    const of = (name: string) => shown.find((option) => option.name === name);
    expect(of('batchSize')).to.deep.equal({
      name: 'batchSize',
      recordType: null,
      value: '200',
      source: 'code',
    });
    expect(of('maxDemand')).to.include({ value: '50', source: 'default' });
    expect(of('backoff.maxMs')).to.include({ value: '900', source: 'code' });
    expect(of('backoff.initialMs')).to.include({ value: '200', source: 'default' });
    expect(of('logger')).to.include({ source: 'environment' });
  });
});

describe('The options in a snapshot', () => {
  const scene = stage();

  it('are those of the application, of its adapter and of definitions, and no secrets', async () => {
    Records.define({ name: 'Configured', url: import.meta.url, batchSize: 7, handleEvent() {} });
    const adapter = kinesis({
      region: 'eu-west-1',
      credentials: { accessKeyId: 'AKIA', secretAccessKey: 'hush-1', sessionToken: 'hush-2' },
    });
    const app = await scene.start({ adapter, isolation: 'inline' });
    const { options } = await app.inspect();
    expect(options).to.deep.include({
      name: 'batchSize',
      recordType: 'Configured',
      value: '7',
      source: 'code',
    });
    expect(options).to.deep.include({
      name: 'isolation',
      recordType: null,
      value: '"inline"',
      source: 'code',
    });
    expect(options).to.deep.include({
      name: 'adapter.region',
      recordType: null,
      value: '"eu-west-1"',
      source: 'code',
    });
    expect(options.find(({ name }) => name === 'adapter.maxInFlight')).to.include({
      value: '16',
      source: 'default',
    });
    expect(JSON.stringify(options)).to.not.match(/hush|AKIA/);
  });
});

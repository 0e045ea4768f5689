import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import type { AdapterDescriptor } from '../../src/pipeline/adapter/adapter.ts';
import { checkDescriptor } from '../../src/pipeline/adapter/descriptor.ts';
import { AdapterDescriptorError, AdapterModuleError } from '../../src/pipeline/adapter/errors.ts';
import { kinesis } from '../../src/pipeline/adapter/kinesis.ts';
import { loadAdapter } from '../../src/pipeline/adapter/load.ts';
import { memory } from '../../src/pipeline/adapter/memory.ts';
import { nullAdapter } from '../../src/pipeline/adapter/null.ts';
import { isBeamlineError } from '../../src/pipeline/errors.ts';
import { testContext } from './context.ts';

describe('an adapter descriptor', () => {
  const module = 'file:///app/adapter.js';
  const bad: [string, unknown, string][] = [
    ['nothing', undefined, 'expected an object, got undefined'],
    ['a class', class {}, 'expected an object, got a function'],
    ['no module', { options: {} }, "'module' must be a file URL, got undefined"],
    ['a path', { module: './adapter.js' }, "must be a file URL, got './adapter.js'"],
    ['a package name', { module: 'my-adapter' }, 'import.meta.resolve'],
    ['another scheme', { module: 'https://example.com/adapter.js' }, 'must be a file URL'],
    ['options with a function', { module, options: { credentials: () => {} } }, "go into 'functions'"],
    [
      'functions that are none',
      { module, functions: { credentials: 'secret' } },
      "'functions.credentials' must be a function",
    ],
    ['functions that are no object', { module, functions: 7 }, "'functions' must be an object"],
  ];
  for (const [name, value, text] of bad) {
    it(`is refused with what came and what to do: ${name}`, () => {
      expect(() => checkDescriptor(value as AdapterDescriptor))
        .to.throw(AdapterDescriptorError, text)
        .with.property('code', 'ERR_ADAPTER_DESCRIPTOR');
    });
  }

  it('is taken apart into a cloneable half and the functions that stay', () => {
    const credentials = () => ({ accessKeyId: 'a', secretAccessKey: 's' });
    const { wire, functions } = checkDescriptor(kinesis({ region: 'eu-west-1', credentials }));
    expect(functions).to.deep.equal({ credentials });
    expect(structuredClone(wire)).to.deep.equal(wire);
    expect(wire.options).to.not.have.property('credentials');
  });

  it('may name its module by a URL object', () => {
    expect(checkDescriptor({ module: new URL(module) }).wire).to.deep.equal({ module, options: undefined });
  });

  it('of every adapter of the library names a module that exists', () => {
    for (const descriptor of [kinesis(), memory(), nullAdapter()]) {
      expect(readFileSync(new URL(checkDescriptor(descriptor).wire.module), 'utf8')).to.include(
        'createAdapter',
      );
    }
  });

  it('of Kinesis loads no AWS SDK on the main thread, not even for a type', () => {
    const source = (url: URL) => new URL(url.href.replace('/build/', '/').replace(/\.js$/, '.ts'));
    const seen = new Set<string>();
    const packages = new Set<string>();
    const follow = (url: URL) => {
      if (seen.has(url.href)) return;
      seen.add(url.href);
      for (const [, name] of readFileSync(url, 'utf8').matchAll(/(?:from|import) '([^']+)'/g)) {
        if (name?.startsWith('.')) follow(new URL(name, url));
        else packages.add(name ?? '');
      }
    };
    follow(source(new URL('../../src/pipeline/adapter/kinesis.js', import.meta.url)));
    expect([...packages].filter((name) => !name.startsWith('node:'))).to.deep.equal(['valibot']);
  });
});

describe('loading an adapter', () => {
  const wire = (file: string) => ({ module: new URL(file, import.meta.url).href, options: undefined });
  const load = async (file: string) => {
    try {
      await loadAdapter(wire(file), testContext());
    } catch (error) {
      return error as AdapterModuleError;
    }
    throw new Error('it was to reject');
  };

  it('says what a module exports that makes no adapter', async () => {
    const error = await load('./fixture/tls.js');
    expect(error).to.be.instanceOf(AdapterModuleError).and.include({ code: 'ERR_ADAPTER_MODULE' });
    expect(error.message)
      .to.include('it exports cert, key')
      .and.include('must export a function createAdapter');
    expect(error.module).to.equal(wire('./fixture/tls.js').module);
  });

  it('says why a module could not be imported, with the cause', async () => {
    const error = await load('./fixture/no-such-file.js');
    expect(error).to.include({ code: 'ERR_ADAPTER_MODULE' });
    expect(error.message).to.include('Cannot find module');
    expect(error.cause).to.include({ code: 'ERR_MODULE_NOT_FOUND' });
  });

  it('says which methods are missing from what createAdapter returned', async () => {
    const error = await load('./fixture/half-adapter.js');
    expect(error.message).to.include('has no method close, snapshot');
  });
});

describe('the options of an adapter', () => {
  const problems = (make: () => unknown) => {
    try {
      make();
    } catch (error) {
      if (!isBeamlineError(error) || error.code !== 'ERR_OPTIONS') throw error;
      return error.fields.problems.map((problem) =>
        problem.type === 'invalid'
          ? `${problem.path}: ${problem.expected} / ${problem.came}`
          : `${problem.path}: unknown, ${problem.suggestion}`,
      );
    }
    throw new Error('it was to throw');
  };

  it('are refused all in one error, with what came and what is valid', () => {
    const options = {
      regoin: 'eu-west-1',
      region: 7,
      endpoint: 'ftp://localhost',
      credentials: { accessKeyId: 'a' },
      streams: { signup: 'no spaces please' },
      http: { connectTimeoutMs: 0, proxy: 'x' },
      createStreams: { shards: 0 },
      maxInFlight: 1.5,
      backoff: { factor: '2' },
    };
    const found = problems(() => kinesis(options as never));
    expect(found).to.deep.equal([
      "region: a region's name, such as eu-west-1 / 7",
      'endpoint: a URL that starts with https:// or http:// / "ftp://localhost"',
      'credentials.secretAccessKey: a string / undefined',
      'streams.signup: a stream\'s name (1 to 128 of a-z A-Z 0-9 _ . -) or its ARN / "no spaces please"',
      'http.connectTimeoutMs: a whole number from 1 to 600000 / 0',
      'http.proxy: unknown, null',
      'createStreams.shards: a whole number from 1 to 10000 / 0',
      'maxInFlight: a whole number from 1 to 1000 / 1.5',
      'backoff.factor: a number from 1 to 100 / "2"',
      'regoin: unknown, region',
    ]);
  });

  it('are refused when they are no object', () => {
    expect(problems(() => kinesis('eu-west-1' as never))).to.deep.equal(['options: an object / "eu-west-1"']);
    expect(problems(() => nullAdapter({ delayMs: -1 }))).to.deep.equal([
      'delayMs: a whole number from 0 to 3600000 / -1',
    ]);
    expect(problems(() => memory({ bytesMax: 1 }))).to.deep.equal([
      'bytesMax: a whole number from 1024 to 536870912 / 1',
    ]);
  });
});

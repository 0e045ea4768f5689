/** Events with a schema: what it takes is recorded as it made it, what it does not take is refused, counted and told. */
import { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import * as v from 'valibot';
import { z } from 'zod';
import {
  BeamlineError,
  type Logger,
  type RecordHandle,
  Records,
  type StandardSchemaV1,
} from '../../../src/index.ts';
import type { Order } from '../fixtures/recording-thread.ts';
import * as validated from '../fixtures/validated.ts';
import { bodies, Log, rejection, stage, thrown } from '../support/application.ts';

const { Login, Order: OrderType, Visit } = validated;
/** What the compiler would not let through. */
const any = (event: unknown): never => event as never;
const url = import.meta.url;
let defined = 0;
const newName = () => `Schema${++defined}`;
const define = (schema: unknown, validate?: string): RecordHandle<unknown> =>
  Records.define(any({ name: newName(), url, schema, validate, handleEvent() {} }));

/** Answers with a promise for an event, and at once for what is none. */
const lateAsync: StandardSchemaV1<{ readonly n: number }> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) =>
      value === undefined ? { issues: [{ message: 'required' }] } : Promise.reject(new Error('late')),
  },
};

describe('An event with a schema', () => {
  const scene = stage();

  it('is recorded as the schema makes it: zod, valibot and arktype', async () => {
    const app = await scene.start();
    expect(OrderType.record({ user: 'u-1' })).to.equal(true);
    expect(Visit.record('/a')).to.equal(true);
    expect(Login.record({ user: 'u-2', admin: true })).to.equal(true);
    await app.flush();
    expect(bodies(scene.adapter, 'orders')).to.deep.equal([{ cents: 1, items: 0 }]);
    expect(bodies(scene.adapter, 'visits')).to.deep.equal([{ path: '/a' }]);
    expect(bodies(scene.adapter, 'logins')).to.deep.equal([{ user: 'u-2', admin: true }]);
  });

  it('is refused when the schema does not take it, counted, and told with its paths and nothing else', async () => {
    const app = await scene.start({ isolation: 'inline' });
    const event = { user: 'u-1', cents: 1.5, items: [{ sku: 'a' }, { sku: 4711 }] };
    expect(OrderType.record(any(event))).to.equal(false);
    expect(OrderType.record(any(event)), 'told once a second').to.equal(false);
    expect(Visit.record('secret')).to.equal(false);
    expect(Login.record(any('secret'))).to.equal(false);
    const ledger = await app.flush();
    expect(ledger).to.include({ accepted: 0, refused: 4, invalid: 4 });
    expect(ledger.types.Order).to.include({ accepted: 0, refused: 2, invalid: 2 });
    expect(
      scene.log.entries.map(({ level, fields }) => [level, fields.recordType, fields.paths]),
    ).to.deep.equal([
      ['warn', 'Order', 'cents, items[1].sku'],
      ['warn', 'Visit', 'path'],
      ['warn', 'Login', 'event'],
    ]);
    expect(JSON.stringify(scene.log.entries)).to.not.match(/secret|4711/);
  });

  it('is not waited for when it is refused: the rejection has the issues of the schema', async () => {
    await scene.start({ isolation: 'inline' });
    const error = await rejection(Login.recordAndConfirm(any({ user: 3 })));
    expect(error).to.be.instanceOf(BeamlineError);
    expect(error).to.deep.include({
      code: 'ERR_EVENT_INVALID',
      fields: { recordType: 'Login', paths: ['user'] },
    });
    const [issue] = error.cause as readonly { readonly message: string }[];
    expect(issue?.message).to.match(/user must be a string/);
    expect(Login.stats()).to.include({ accepted: 0, refused: 1, invalid: 1 });
  });

  it('is refused and told in whichever thread it was recorded', async () => {
    let told: ((fields: object) => void) | undefined;
    const line = new Promise<object>((resolve) => {
      told = resolve;
    });
    const logger = (bindings: object): Logger => ({
      ...new Log(),
      warn: (fields) => told?.({ ...bindings, ...fields }),
      child: (more) => logger({ ...bindings, ...more }),
    });
    const app = await scene.start({ logger: logger({}) });
    const worker = new Worker(new URL('../fixtures/recording-thread.js', import.meta.url), {
      workerData: Records.share(),
    });
    try {
      worker.postMessage({
        type: 'record',
        module: './validated.js',
        name: 'Login',
        numbers: [1, 2, 3],
      } satisfies Order);
      expect(await line).to.deep.equal({ recordType: 'Login', paths: 'user', invalidInAll: 1 });
      // The answer comes after the last of the three.
      await new Promise((resolve) => worker.once('message', resolve));
      expect(app.ledger().types.Login).to.include({ accepted: 0, refused: 3, invalid: 3 });
    } finally {
      await worker.terminate();
    }
  });

  it('is not looked at with validate never, and in production not with development', async () => {
    const schema = z.object({ n: z.number() });
    const kept = process.env.NODE_ENV;
    const inMode = (mode: string, validate: string): RecordHandle<unknown> => {
      process.env.NODE_ENV = mode;
      return define(schema, validate);
    };
    const types = [
      inMode('production', 'always'),
      inMode('production', 'development'),
      inMode('production', 'never'),
      inMode('test', 'development'),
      inMode('test', 'never'),
    ];
    if (kept === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = kept;
    await scene.start({ isolation: 'inline' });
    expect(types.map((type) => type.record({ n: 'one' }))).to.deep.equal([false, true, true, false, true]);
  });
});

describe('A schema', () => {
  const scene = stage();

  for (const [what, schema, fact] of [
    ['that is none', { parse: () => ({}) }, 'a Standard Schema'],
    ['of zod that answers later', z.any().refine(async () => true), 'answers at once'],
    ['of valibot that answers later', v.objectAsync({ n: v.number() }), 'answers at once'],
  ] as const) {
    it(`${what} is refused when the type is defined`, () => {
      const error = thrown(() => define(schema));
      expect(error).to.include({ code: 'ERR_DEFINITION' });
      expect(error.message).to.include('schema').and.include(fact);
    });
  }

  it('that answers later only for a whole event throws at its first event, which is not recorded', async () => {
    await scene.start({ isolation: 'inline' });
    const late = define(lateAsync);
    expect(thrown(() => late.record({ n: 1 }))).to.include({ code: 'ERR_SCHEMA_ASYNC' });
    expect(await rejection(late.recordAndConfirm({ n: 1 }))).to.include({ code: 'ERR_SCHEMA_ASYNC' });
    expect(late.stats()).to.include({ accepted: 0, refused: 0 });
  });

  it('refuses a way of validating that is none', () => {
    const error = thrown(() => define(z.object({}), 'sometimes'));
    expect(error.message).to.include(
      "validate: expected 'always', 'development' or 'never'; \"sometimes\" came",
    );
  });
});

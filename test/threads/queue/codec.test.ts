import { inspect } from 'node:util';
import { expect } from 'chai';
import fc from 'fast-check';
import { byteTarget, DEPTH_MAX, SLACK_BYTES } from '../../../src/threads/queue/codec.ts';
import { Decoder } from '../../../src/threads/queue/decoder.ts';
import { Encoder } from '../../../src/threads/queue/encoder.ts';
import type { EventNotSerializableError, EventTooLargeError } from '../../../src/threads/queue/index.ts';

const MAX_BYTES = 100_000;
const AT = 40;

/** Through a codec of its own, so that nothing can be left over from another event. */
function roundTrip(value: unknown, encoder = new Encoder(), decoder = new Decoder()): unknown {
  const target = byteTarget(AT + MAX_BYTES + SLACK_BYTES);
  const length = encoder.encode(value, target, AT, MAX_BYTES);
  expect(encoder.output).to.equal(target);
  expect(target.bytes.subarray(0, AT).every((byte) => byte === 0)).to.equal(true);
  return decoder.decode(target.bytes, AT, AT + length);
}

function refusal(value: unknown): EventNotSerializableError {
  try {
    roundTrip(value);
  } catch (error) {
    expect(error).to.have.property('code', 'ERR_EVENT_NOT_SERIALIZABLE');
    return error as EventNotSerializableError;
  }
  throw new Error('was encoded');
}

function nested(levels: number): unknown {
  let value: unknown = 'core';
  for (let i = 0; i < levels; i++) value = i % 2 ? { inner: value } : [value];
  return value;
}

describe('the codec', () => {
  const faithful: Readonly<Record<string, unknown>> = {
    nothing: [null, undefined],
    booleans: [true, false],
    integers: [0, 1, -1, 127, 128, 255, 65536, 2 ** 31 - 1, -(2 ** 31), 2 ** 31, 2 ** 53, -(2 ** 53)],
    fractions: [0.1, -1.5, 1e-300, 1.7976931348623157e308, 5e-324],
    'numbers that JSON has not': [Number.NaN, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
    bigints: [0n, -1n, 2n ** 64n, -(10n ** 300n)],
    'strings of every width': [
      '',
      'a',
      'ä',
      'жук',
      '漢字',
      '👩‍👩‍👧',
      '\0',
      'x'.repeat(63),
      'x'.repeat(64),
      'é'.repeat(5000),
    ],
    'lone surrogates': ['\ud800', 'a\udc00b', '\ud83d', `${'x'.repeat(300)}\udfff`],
    'wide strings, long and short': ['ж'.repeat(64), 'ж'.repeat(3000), `${'x'.repeat(200)}ж`],
    objects: { a: 1, 'a key': 2, '': 3, ж: 4, 漢字: { deep: { deeper: {} } } },
    'keys that look like numbers': { 10: 'a', 2: 'b', '-1': 'c' },
    'many keys': Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`key${i}`, i])),
    'undefined fields': { a: undefined, b: null },
    arrays: [[], [1, [2, [3]]], Array.from({ length: 300 }, (_, i) => i)],
    dates: [new Date(0), new Date(-1), new Date(8.64e15)],
    maps: new Map<unknown, unknown>([
      ['a', 1],
      [{ b: 2 }, new Map([[1, new Set([2])]])],
    ]),
    sets: new Set<unknown>(['a', 1, null]),
    'regular expressions': [/a\/b/giu, /^$/],
    buffers: [Buffer.from('hello'), Buffer.alloc(0), Buffer.from([0, 255, 128])],
    'typed arrays': [
      new Uint8Array([1, 255]),
      new Uint8ClampedArray([1, 2]),
      new Int8Array([-1]),
      new Uint16Array([65535]),
      new Int16Array([-2]),
      new Uint32Array([2 ** 32 - 1]),
      new Int32Array([-(2 ** 31)]),
      new Float32Array([1.5]),
      new Float64Array([Math.PI, -0]),
      new BigInt64Array([-1n]),
      new BigUint64Array([2n ** 64n - 1n]),
    ],
    'buffers of bytes': [new Uint8Array([1, 2, 3]).buffer, new DataView(new Uint8Array([9, 8]).buffer)],
  };
  for (const [what, value] of Object.entries(faithful)) {
    it(`carries ${what}`, () => {
      const copy = roundTrip(value);
      expect(copy).to.deep.equal(value);
      expect(copy).to.not.equal(value);
    });
  }

  it('keeps -0, invalid dates, holes, and the difference of a Buffer from a Uint8Array', () => {
    expect(Object.is(roundTrip(-0), -0)).to.equal(true);
    expect((roundTrip(new Date(Number.NaN)) as Date).getTime()).to.be.NaN;
    const sparse = [0, 1, 2, 3];
    delete sparse[1];
    delete sparse[3];
    const copy = roundTrip(sparse) as number[];
    expect([copy.length, 0 in copy, 1 in copy, 2 in copy, 3 in copy]).to.deep.equal([
      4,
      true,
      false,
      true,
      false,
    ]);
    expect(Buffer.isBuffer(roundTrip(Buffer.from('a')))).to.equal(true);
    expect(Buffer.isBuffer(roundTrip(new Uint8Array(1)))).to.equal(false);
  });

  it('carries errors with class, message, stack, cause and their own fields', () => {
    class CustomError extends Error {
      override readonly name = 'CustomError';
      readonly code = 'ERR_CUSTOM';
    }
    const error = roundTrip(new TypeError('broken', { cause: new RangeError('deep') })) as TypeError;
    expect(error).to.be.instanceOf(TypeError);
    expect(error.message).to.equal('broken');
    expect(error.stack).to.contain('codec.test');
    expect(error.cause).to.be.instanceOf(RangeError);
    const custom = roundTrip(new CustomError('mine')) as CustomError;
    expect(custom).to.be.instanceOf(Error);
    expect([custom.name, custom.message, custom.code]).to.deep.equal(['CustomError', 'mine', 'ERR_CUSTOM']);
  });

  it('carries instances of classes by their own fields, and what toJSON returns in place of an object', () => {
    class Point {
      x = 1;
      y = 2;
      get sum() {
        return 3;
      }
    }
    expect(roundTrip(new Point())).to.deep.equal({ x: 1, y: 2 });
    expect(roundTrip(Object.create(null, { a: { value: 1, enumerable: true } }))).to.deep.equal({ a: 1 });
    expect(roundTrip({ at: new URL('https://example.com/a') })).to.deep.equal({
      at: 'https://example.com/a',
    });
    expect(roundTrip({ toJSON: () => ({ when: new Date(5) }) })).to.deep.equal({ when: new Date(5) });
    expect(roundTrip([new Number(1), new String('a'), new Boolean(false)])).to.deep.equal([1, 'a', false]);
    expect(roundTrip({ a: 1, [Symbol('hidden')]: 2 })).to.deep.equal({ a: 1 });
  });

  it('is not led astray by a property on Object.prototype', () => {
    Object.defineProperty(Object.prototype, 'stray', { value: 1, enumerable: true, configurable: true });
    const target = byteTarget(200);
    let length = 0;
    try {
      length = new Encoder().encode({ a: 1 }, target, 0, 100);
    } finally {
      Reflect.deleteProperty(Object.prototype, 'stray');
    }
    expect(Object.keys(new Decoder().decode(target.bytes, 0, length) as object)).to.deep.equal(['a']);
  });

  it('says which field cannot be carried, and why', () => {
    const table: [unknown, string, string][] = [
      [{ user: { avatar: { onload() {} } } }, 'user.avatar.onload', 'function'],
      [{ items: [1, { id: Symbol('x') }] }, 'items[1].id', 'symbol'],
      [() => {}, '', 'function'],
      [{ 'a key': { b: Promise.resolve() } }, '["a key"].b', 'promise'],
      [{ m: new Map([['k', () => {}]]) }, 'm.get("k")', 'function'],
      [{ s: new Set([() => {}]) }, 's.values()', 'function'],
      [{ w: new WeakMap() }, 'w', 'WeakMap'],
      [{ shared: new SharedArrayBuffer(1) }, 'shared', 'SharedArrayBuffer'],
      [{ e: Object.assign(new Error('x'), { retry() {} }) }, 'e.retry', 'function'],
      [
        {
          a: {
            get b() {
              throw new Error('no access');
            },
          },
        },
        'a.b',
        'no access',
      ],
      [{ a: { toJSON: () => ({ b: () => {} }) } }, 'a.b', 'function'],
    ];
    for (const [value, path, reason] of table) {
      const error = refusal(value);
      expect(error.path).to.equal(path);
      expect(error.message).to.contain(reason);
    }
  });

  it('keeps what a getter threw as the cause, whatever it is', () => {
    const cause = new Error('no access');
    const thrower = (thrown: unknown) => ({
      get a() {
        throw thrown;
      },
    });
    expect(refusal(thrower(cause)).cause).to.equal(cause);
    refusal(thrower(undefined));
    refusal(thrower(Object.create(null)));
    refusal(
      new Proxy(
        {},
        {
          ownKeys() {
            throw cause;
          },
        },
      ),
    );
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    refusal({ proxy });
  });

  it('finds cycles, and says where they close', () => {
    const event: Record<string, unknown> = { user: { name: 'a' } };
    (event.user as Record<string, unknown>).self = event;
    expect(refusal(event).path).to.equal('user.self');
    expect(refusal(event).message).to.contain('contains itself');
    const list: unknown[] = ['x'.repeat(5000)];
    list.push([list]);
    expect(refusal({ list }).path).to.equal('list[1][0]');
    const map = new Map<string, unknown>();
    map.set('me', map);
    expect(refusal(map).message).to.contain('contains itself');
    const endless = { toJSON: () => ({ again: endless }) };
    expect(refusal(endless).message).to.contain('contains itself');
  });

  it(`carries ${DEPTH_MAX - 1} levels, and refuses 10,000 and 1,000,000 of them`, () => {
    expect(roundTrip(nested(DEPTH_MAX - 1))).to.deep.equal(nested(DEPTH_MAX - 1));
    for (const levels of [DEPTH_MAX + 1, 10_000, 1_000_000]) {
      expect(refusal(nested(levels)).message).to.contain('nested deeper');
    }
  });

  it('refuses with a code when the caller has hardly any stack left', () => {
    const deep = (): string => {
      try {
        return deep();
      } catch {
        try {
          roundTrip(nested(400));
          return 'carried';
        } catch (error) {
          return (error as { code?: string }).code ?? 'out of stack before it began';
        }
      }
    };
    expect(deep()).to.be.oneOf(['carried', 'ERR_EVENT_NOT_SERIALIZABLE', 'out of stack before it began']);
    expect(roundTrip({ still: 'works' })).to.deep.equal({ still: 'works' });
  });

  it('carries __proto__ as a field, and pollutes nothing', () => {
    const hostile = JSON.parse(
      '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
    );
    const copy = roundTrip({ a: hostile }) as { a: object };
    expect(Object.getPrototypeOf(copy.a)).to.equal(Object.prototype);
    expect(Object.hasOwn(copy.a, '__proto__')).to.equal(true);
    expect(({} as { polluted?: boolean }).polluted).to.equal(undefined);
    expect(JSON.stringify(copy.a)).to.equal(JSON.stringify(hostile));
  });

  it('stops at the limit: huge strings, arrays with a huge length, shared structure that multiplies', () => {
    let bomb: unknown[] = [];
    for (let i = 0; i < 40; i++) bomb = [bomb, bomb];
    const sparse: unknown[] = [];
    sparse.length = 4_000_000_000;
    const table: [unknown, number][] = [
      ['x'.repeat(50_000_000), 50_000_000],
      ['ж'.repeat(MAX_BYTES - 1), 2 * (MAX_BYTES - 1)],
      [{ data: Buffer.alloc(20_000_000) }, 20_000_000],
      [sparse, MAX_BYTES],
      [bomb, MAX_BYTES],
      [Array.from({ length: MAX_BYTES }, (_, i) => i % 2 === 0), MAX_BYTES],
    ];
    for (const [value, atLeast] of table) {
      try {
        roundTrip(value);
        expect.fail('was encoded');
      } catch (error) {
        const { code, bytes, limitBytes } = error as EventTooLargeError;
        expect(code).to.equal('ERR_EVENT_TOO_LARGE');
        expect(limitBytes).to.equal(MAX_BYTES);
        expect(bytes).to.be.at.least(atLeast);
      }
    }
  });

  it('takes exactly what the limit allows', () => {
    const target = byteTarget(200 + SLACK_BYTES);
    const encoder = new Encoder();
    const fits = (value: unknown, bytes: number) => {
      try {
        return encoder.encode(value, target, 0, bytes) === bytes;
      } catch (error) {
        expect(error).to.have.property('code', 'ERR_EVENT_TOO_LARGE');
        return false;
      }
    };
    for (const value of [1, 1.5, 'abc', [1, 2], { a: 1 }, null, new Date(1), 'ж', { a: { b: 2.5 } }]) {
      const length = encoder.encode(value, target, 0, 200);
      expect(fits(value, length)).to.equal(true);
      expect(fits(value, length - 1)).to.equal(false);
    }
  });

  describe('where there is less room than an event may need', () => {
    const scratch = byteTarget(MAX_BYTES + SLACK_BYTES);
    const spill = { scratch: () => scratch };
    const values: unknown[] = [
      { plain: 'x'.repeat(300), nested: [{ a: 1, b: 'ж'.repeat(90), c: new Map([['k', new Set([1.5])]]) }] },
      { bytes: new Uint8Array(200).fill(7), at: new Date(1), error: new RangeError('no') },
      { ['long key '.repeat(20)]: 1, ['Ключ'.repeat(20)]: 2, list: new Array(150).concat(['end']) },
      nested(DEPTH_MAX - 1),
    ];

    it('goes on elsewhere, wherever the room ends, and writes nothing beyond it and the slack', () => {
      const encoder = new Encoder();
      for (const value of values) {
        const whole = byteTarget(MAX_BYTES + SLACK_BYTES);
        const length = encoder.encode(value, whole, 0, MAX_BYTES);
        for (let room = 1; room <= length; room++) {
          const target = byteTarget(AT + room + 2 * SLACK_BYTES);
          target.bytes.fill(0xee);
          const again = encoder.encode(value, target, AT, MAX_BYTES, room, spill);
          const { output, outputStart } = encoder;
          expect(output === target).to.equal(room === length, `${room} of ${length}`);
          const bytes = output.bytes.subarray(outputStart, outputStart + again);
          expect(bytes.equals(whole.bytes.subarray(0, length))).to.equal(true, `${room} of ${length}`);
          const around = [target.bytes.subarray(0, AT), target.bytes.subarray(AT + room + SLACK_BYTES)];
          expect(around.every((part) => part.every((byte) => byte === 0xee))).to.equal(true);
        }
      }
    });

    it("runs the event's own code once, and lets it record within", () => {
      const encoder = new Encoder();
      let calls = 0;
      const target = byteTarget(AT + 40 + SLACK_BYTES);
      const event = {
        before: 'x'.repeat(100),
        get inner() {
          calls++;
          const length = encoder.encode({ inner: 'y'.repeat(60) }, target, AT, MAX_BYTES, 40, spill);
          const { bytes } = encoder.output;
          return new Decoder().decode(bytes, encoder.outputStart, encoder.outputStart + length);
        },
        after: 'z'.repeat(100),
      };
      const length = encoder.encode(event, target, AT, MAX_BYTES, 40, spill);
      const { output, outputStart } = encoder;
      expect(new Decoder().decode(output.bytes, outputStart, outputStart + length)).to.deep.equal({
        before: event.before,
        inner: { inner: 'y'.repeat(60) },
        after: event.after,
      });
      expect(calls).to.equal(1);
    });

    it('refuses an event that is larger than the limit all the same', () => {
      const encoder = new Encoder();
      const target = byteTarget(20 + SLACK_BYTES);
      const encode = () => encoder.encode({ text: 'x'.repeat(500) }, target, 0, 400, 20, spill);
      expect(encode).to.throw().with.property('code', 'ERR_EVENT_TOO_LARGE');
    });
  });

  it('closes hundreds of levels at the very end of what it may have', () => {
    let value: unknown = 1;
    for (let i = 0; i < DEPTH_MAX - 1; i++) value = { a: value };
    const encoder = new Encoder();
    const whole = byteTarget(MAX_BYTES + SLACK_BYTES);
    const length = encoder.encode(value, whole, 0, MAX_BYTES);
    for (let max = length - 300; max < length; max++) {
      const target = byteTarget(max + 8 * SLACK_BYTES);
      expect(() => encoder.encode(value, target, 0, max))
        .to.throw()
        .with.property('code', 'ERR_EVENT_TOO_LARGE');
      expect(target.bytes.subarray(max + SLACK_BYTES).every((byte) => byte === 0)).to.equal(true);
    }
  });

  it('does not depend on what was encoded or decoded before: each frame decodes alone', () => {
    const shared = { encoder: new Encoder(), decoder: new Decoder() };
    const values = [
      { a: 1, b: { c: 2 } },
      { b: 1, a: 2 },
      { a: { b: { c: 3 } } },
      { a: 1, b: 2, c: 3, d: 4 },
      { c: 1 },
    ];
    for (let i = 0; i < 50; i++) {
      for (const value of values)
        expect(roundTrip(value, shared.encoder, shared.decoder)).to.deep.equal(value);
    }
    for (let i = 0; i < 10_000; i++) {
      const value = { id: i, [`generated ${i}`]: { id: i, [`${i} within`]: { id: i, a: 1 } } };
      expect(roundTrip(value, shared.encoder, shared.decoder)).to.deep.equal(value);
    }
  }).timeout(60_000);

  it('answers bytes that no encoder wrote with an error, and never with a crash', () => {
    const target = byteTarget(300);
    const decoder = new Decoder();
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 0, maxLength: 200 }), (bytes) => {
        target.bytes.set(bytes);
        try {
          decoder.decode(target.bytes, 0, bytes.length);
        } catch (error) {
          expect(error).to.have.property('code', 'ERR_FRAME_CORRUPT');
        }
      }),
      { numRuns: 2000 },
    );
    expect(roundTrip({ still: 'works' }, new Encoder(), decoder)).to.deep.equal({ still: 'works' });
  });

  it('takes no part of an event for one, whatever lies behind it', () => {
    const value = {
      text: 'a',
      number: 1.5,
      whole: 100_000,
      list: [1, [], 'x'.repeat(70), 'ж'],
      inner: { map: new Map([[1, new Set([2])]]), at: new Date(1), bytes: Buffer.from('abc') },
      error: new RangeError('no'),
      regexp: /a/g,
      big: 10n,
    };
    const target = byteTarget(MAX_BYTES + SLACK_BYTES);
    const encoder = new Encoder();
    const length = encoder.encode(value, target, AT, MAX_BYTES);
    const decoder = new Decoder();
    const whole = Buffer.from(target.bytes.subarray(AT, AT + length));
    expect(decoder.decode(whole, 0, length)).to.deep.equal(decoder.decode(target.bytes, AT, AT + length));
    for (let part = 0; part < length; part++) {
      const alone = Buffer.from(whole.subarray(0, part));
      for (const decode of [
        () => decoder.decode(target.bytes, AT, AT + part),
        () => decoder.decode(whole, 0, part),
        () => decoder.decode(alone, 0, part),
      ])
        expect(decode, `${part} bytes of ${length}`).to.throw().with.property('code', 'ERR_FRAME_CORRUPT');
    }
  });

  it('reads ahead over events of any length, and nothing of one gets into another', () => {
    const target = byteTarget(10 * MAX_BYTES);
    const encoder = new Encoder();
    const decoder = new Decoder();
    const values = Array.from({ length: 300 }, (_, i) => ({
      id: `event ${i}`,
      ...(i % 3 === 0 ? { note: `${i}`.repeat((i * 37) % 2500) } : {}),
      user: { name: `ü${i}`, tags: ['one', `tag number ${i}`], wide: 'ж'.repeat(i % 7) },
      ...(i % 5 === 0 ? {} : { last: i }),
    }));
    let end = AT;
    const places = values.map((value) => {
      const start = end + 32;
      end = start + encoder.encode(value, target, start, MAX_BYTES);
      return { start, end };
    });
    // Up to the last one; up to somewhere in between, as for a claim whose last segment lies before the others.
    for (const ahead of [end, AT + 5000]) {
      decoder.readAhead(ahead);
      const decoded = places.map(({ start, end }) => decoder.decode(target.bytes, start, end));
      decoder.readAhead(0);
      expect(decoded).to.deep.equal(values);
    }
  });

  it('makes plain objects, each with its own fields and no other, in their order', () => {
    const encoder = new Encoder();
    const decoder = new Decoder();
    const wide = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`field${i}`, { i }]));
    const values: object[] = [
      wide,
      { a: 1, b: 2, c: 3, d: 4, e: 5, f: { a: 1 } },
      { b: 1, a: 2 },
      {},
      { a: {} },
    ];
    for (let i = 0; i < 30; i++) {
      for (const value of values) {
        const copy = roundTrip(value, encoder, decoder) as object;
        expect(Object.getPrototypeOf(copy)).to.equal(Object.prototype);
        expect(inspect(copy)).to.equal(inspect(value));
        expect(JSON.stringify(copy)).to.equal(JSON.stringify(value));
        expect(Object.getOwnPropertyDescriptors(copy)).to.deep.equal(Object.getOwnPropertyDescriptors(value));
        expect(structuredClone(copy)).to.deep.equal(value);
      }
    }
    expect(Object.prototype.constructor).to.equal(Object);
  });

  it('carries whatever fast-check thinks of', () => {
    const encoder = new Encoder();
    const decoder = new Decoder();
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withSparseArray: true,
      withUnicodeString: true,
      maxDepth: 4,
    } as fc.ObjectConstraints);
    fc.assert(
      fc.property(anything, (value) => {
        // Not chai's deep equality, which stumbles over hostile objects as the keys of maps.
        expect(fc.stringify(roundTrip(value, encoder, decoder))).to.equal(fc.stringify(value));
      }),
      { numRuns: 2000 },
    );
  });
});

import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import fc from 'fast-check';
import { isBeamlineError } from '../../src/pipeline/errors.ts';
import { Message, type MessageShape } from '../../src/pipeline/message.ts';
import { wellFormed } from '../support/well-formed.ts';

const HASH_KEY_MAX = 2n ** 128n - 1n;

// biome-ignore lint/suspicious/noExplicitAny: what a caller without types may hand in
type Anything = any;

/** What a message is made into; given to the constructor as a caller without types would. */
function made(...args: [key: Anything, data: Anything, options?: Anything]): MessageShape {
  return { ...new Message(...args) };
}

/** Refused: `argument` is named, and what came is told. */
function refused(argument: string, came: string, ...args: [Anything, Anything, Anything?]): void {
  try {
    new Message(...args);
  } catch (error) {
    if (!isBeamlineError(error) || error.code !== 'ERR_MESSAGE') throw error;
    expect(error.fields).to.include({ argument, came });
    return;
  }
  expect.fail(`accepted, though ${came} came`);
}

describe("A message's partition key", () => {
  it('is the text given, or the decimal text of the number given', () => {
    expect(made('user-1', '')).to.deep.equal({ partitionKey: 'user-1', data: '' });
    expect(made(42, '').partitionKey).to.equal('42');
    expect(made(0, '').partitionKey).to.equal('0');
    expect(made(-1.5, '').partitionKey).to.equal('-1.5');
  });

  it('has 1 to 256 characters, whatever their width', () => {
    for (const character of ['a', 'é', '漢', '🦊']) {
      expect(made(character.repeat(256), '').partitionKey).to.equal(character.repeat(256));
      const length = character.length * 257;
      refused('partitionKey', `a string of ${length} characters`, character.repeat(257), '');
    }
    refused('partitionKey', 'an empty string', '', '');
  });

  it('is refused when it is neither', () => {
    refused('partitionKey', 'undefined', undefined, '');
    refused('partitionKey', 'null', null, '');
    refused('partitionKey', 'NaN', Number.NaN, '');
    refused('partitionKey', 'Infinity', Number.POSITIVE_INFINITY, '');
    refused('partitionKey', 'a bigint', 42n, '');
    refused('partitionKey', 'an object', { id: 'user-1' }, '');
    refused('partitionKey', 'half of a surrogate pair', 'a\ud83d', '');
  });

  it('is the same in the message as given, for any well-formed text that fits', () => {
    fc.assert(
      fc.property(wellFormed({ minLength: 1, maxLength: 256 }), (key) => {
        expect(made(key, '').partitionKey).to.equal(key);
      }),
    );
  });
});

describe("A message's data", () => {
  it('is the text given', () => {
    expect(made('k', '{"a":1}').data).to.equal('{"a":1}');
    expect(made('k', '').data).to.equal('');
  });

  it('is the bytes given, not copied', () => {
    const bytes = new Uint8Array([1, 2, 3]);
    const buffer = Buffer.from('abc');
    expect(made('k', bytes).data).to.equal(bytes);
    expect(made('k', buffer).data).to.equal(buffer);
  });

  it('is the bytes under any other view', () => {
    const { buffer } = new Uint8Array([0, 1, 2, 3, 4, 5, 6, 7]);
    const seen = (data: unknown) => [...(made('k', data).data as Uint8Array)];
    expect(seen(new DataView(buffer, 2, 3))).to.deep.equal([2, 3, 4]);
    expect(seen(new Uint16Array(buffer, 4, 1))).to.deep.equal([4, 5]);
    expect(seen(buffer)).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(seen(runInNewContext('new Uint8Array([8, 9])'))).to.deep.equal([8, 9]);
  });

  it('is the JSON text of any other value', () => {
    class Point {
      x = 1;
    }
    for (const [value, text] of [
      [{ a: [1, null] }, '{"a":[1,null]}'],
      [[], '[]'],
      [{}, '{}'],
      [Object.create(null), '{}'],
      [new Point(), '{"x":1}'],
      [7, '7'],
      [true, 'true'],
      [null, 'null'],
      [new Date(0), '"1970-01-01T00:00:00.000Z"'],
    ] as const) {
      expect(made('k', value).data).to.equal(text);
    }
  });

  it('is made into text once', () => {
    let times = 0;
    new Message('k', { toJSON: () => ++times });
    expect(times).to.equal(1);
  });

  it('is refused when JSON cannot hold it, or would lose it', () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    refused('data', 'undefined', 'k', undefined);
    refused('data', 'a function', 'k', () => 'data');
    refused('data', 'a symbol', 'k', Symbol('data'));
    refused('data', 'an object (Converting circular structure to JSON)', 'k', cycle);
    refused('data', 'a bigint (Do not know how to serialize a BigInt)', 'k', 1n);
    refused('data', 'an object (Do not know how to serialize a BigInt)', 'k', { id: 1n });
    refused('data', 'a Map', 'k', new Map([['a', 1]]));
    refused('data', 'a Promise', 'k', Promise.resolve('data'));
    refused('data', 'a SharedArrayBuffer', 'k', new SharedArrayBuffer(8));
    refused('data', 'NaN', 'k', Number.NaN);
  });

  it("is refused with the value's own error as the cause", () => {
    const own = new RangeError('no JSON of me');
    const value = {
      toJSON() {
        throw own;
      },
    };
    expect(() => new Message('k', value))
      .to.throw('no JSON of me')
      .with.property('cause', own);
  });

  it('can be read back, for any JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        if (typeof value === 'string') expect(made('k', value).data).to.equal(value);
        else
          expect(JSON.parse(made('k', value).data as string)).to.deep.equal(
            JSON.parse(JSON.stringify(value)),
          );
      }),
    );
  });
});

describe("A message's explicit hash key", () => {
  it('is decimal text from 0 to 2^128 - 1, of a bigint or of text', () => {
    expect(made('k', '', { explicitHashKey: 0n }).explicitHashKey).to.equal('0');
    expect(made('k', '', { explicitHashKey: '17' }).explicitHashKey).to.equal('17');
    expect(made('k', '', { explicitHashKey: HASH_KEY_MAX }).explicitHashKey).to.equal(String(HASH_KEY_MAX));
  });

  it('is not there when it is not given', () => {
    expect(made('k', '', {})).to.not.have.property('explicitHashKey');
    expect(made('k', '', { explicitHashKey: undefined })).to.not.have.property('explicitHashKey');
  });

  it('is refused when it is anything else', () => {
    refused('explicitHashKey', 'a bigint', 'k', '', { explicitHashKey: -1n });
    refused('explicitHashKey', 'a bigint', 'k', '', { explicitHashKey: HASH_KEY_MAX + 1n });
    refused('explicitHashKey', 'a string of 39 characters', 'k', '', {
      explicitHashKey: `${HASH_KEY_MAX + 1n}`,
    });
    refused('explicitHashKey', 'a string of 2 characters', 'k', '', { explicitHashKey: '07' });
    refused('explicitHashKey', 'an empty string', 'k', '', { explicitHashKey: '' });
    refused('explicitHashKey', 'a string of 4 characters', 'k', '', { explicitHashKey: '0x1f' });
    refused('explicitHashKey', 'a number', 'k', '', { explicitHashKey: 17 });
    refused('explicitHashKey', 'null', 'k', '', { explicitHashKey: null });
  });

  it('is accepted exactly when it is in range, as a bigint and as text', () => {
    const near = fc.bigInt({ min: -5n, max: 5n }).map((offset) => HASH_KEY_MAX + offset);
    fc.assert(
      fc.property(fc.oneof(near, fc.bigInt({ min: -(2n ** 130n), max: 2n ** 130n })), (key) => {
        for (const explicitHashKey of [key, String(key)]) {
          const make = () => made('k', '', { explicitHashKey }).explicitHashKey;
          if (key >= 0n && key <= HASH_KEY_MAX) expect(make()).to.equal(String(key));
          else expect(make).to.throw();
        }
      }),
    );
  });
});

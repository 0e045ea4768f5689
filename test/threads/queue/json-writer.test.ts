import { expect } from 'chai';
import fc from 'fast-check';
import { byteTarget, SLACK_BYTES } from '../../../src/threads/queue/codec.ts';
import { Decoder } from '../../../src/threads/queue/decoder.ts';
import { Encoder } from '../../../src/threads/queue/encoder.ts';
import { JSON_GROWTH, JsonWriter } from '../../../src/threads/queue/json-writer.ts';
import { NOT_WRITTEN } from '../../../src/threads/queue/not-written.ts';
import { SHORT } from '../../../src/threads/queue/short-texts.ts';
import { wellFormed } from '../../support/well-formed.ts';

const MAX_BYTES = 100_000;
const AT = 40;
const FROM = 7;

function encoded(event: unknown): Buffer {
  const target = byteTarget(AT + MAX_BYTES + SLACK_BYTES);
  const length = new Encoder().encode(event, target, AT, MAX_BYTES);
  return target.bytes.subarray(0, AT + length);
}

/** What is written into just the room that was promised; nothing else is touched. */
function written(frame: Buffer, writer = new JsonWriter()): string | undefined {
  const room = JSON_GROWTH * (frame.length - AT);
  const target = Buffer.alloc(FROM + room + 1, 0xee);
  const end = writer.write(frame, AT, frame.length, target, FROM);
  expect(target.subarray(0, FROM).every((byte) => byte === 0xee)).to.equal(true);
  expect(target.at(-1)).to.equal(0xee);
  if (end === NOT_WRITTEN) return undefined;
  expect(end).to.be.at.most(FROM + room);
  return target.toString('utf8', FROM, end);
}

const text = fc.oneof(
  fc.string(),
  wellFormed(),
  fc.string({ unit: fc.integer({ min: 0, max: 0xff }).map((code) => String.fromCharCode(code)) }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) }),
  fc.constantFrom('x'.repeat(63), 'x'.repeat(64), 'é"\\'.repeat(300), '\ud800', '\u2028'),
);
const number = fc.oneof(
  fc.integer(),
  fc.integer({ min: -200, max: 200 }),
  fc.maxSafeInteger(),
  fc.double(),
  fc.constantFrom(-0, 1e21, 1e-7, 2 ** 53, -(2 ** 53), 99_999_999, 100_000_000, 10 ** 15),
);
const { event } = fc.letrec<{ readonly event: unknown }>((tie) => ({
  event: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    text,
    number,
    fc.constantFrom(null, undefined, true, false),
    fc.date({ noInvalidDate: false }),
    fc.array(tie('event'), { maxLength: 5 }),
    fc.sparseArray(number, { maxNumElements: 3, maxLength: 6 }),
    fc.dictionary(fc.oneof(text, fc.constantFrom('user', 'toJSON', '__proto__', '10', '2')), tie('event'), {
      maxKeys: 6,
    }),
  ),
}));

describe('The JSON that is written straight from a frame', () => {
  it('is that of the decoded event, to the byte', () => {
    // Keys are met by one writer over all of them, as they are in a thread.
    const writer = new JsonWriter();
    fc.assert(
      fc.property(event, (value) => {
        const frame = encoded(value);
        const decoded = new Decoder().decode(frame, AT, frame.length);
        // Of nothing there is no JSON; a message of it is refused where it is made.
        if (decoded === undefined) return;
        expect(written(frame, writer)).to.equal(JSON.stringify(decoded));
      }),
      { numRuns: 3_000 },
    );
  });

  it('is left to who decodes the event where it has what JSON has not', () => {
    const writer = new JsonWriter();
    const others = [1n, new Map(), new Set([1]), /a/, new Error('no'), Buffer.from('a'), new Float64Array(1)];
    for (const value of others)
      for (const whole of [value, { a: 1, value }, [1, value, 2], { deep: [{ value }] }])
        expect(written(encoded(whole), writer)).to.equal(undefined);
    expect(written(encoded({ a: 1 }), writer)).to.equal('{"a":1}');
  });

  it('is none where the event itself, and not what is in it, has a field that it must not have', () => {
    const writer = new JsonWriter();
    const target = Buffer.alloc(1_000);
    const end = (value: unknown) => {
      const frame = encoded(value);
      return writer.write(frame, AT, frame.length, target, 5, 'id');
    };
    expect(end({ a: 1, id: 'x' })).to.equal(NOT_WRITTEN);
    expect(end({ a: 1, id: undefined })).to.equal(NOT_WRITTEN);
    expect(target.toString('utf8', 5, end({ a: { id: 1 }, b: [{ id: 2 }] }))).to.equal(
      '{"a":{"id":1},"b":[{"id":2}]}',
    );
  });

  it('is none where the bytes are those of no event, and nothing is written beyond the room', () => {
    const damage = fc.array(fc.tuple(fc.nat(400), fc.nat(0xff)), { maxLength: 4 });
    fc.assert(
      fc.property(event, damage, fc.nat(400), (value, changes, cut) => {
        const whole = Buffer.from(encoded(value));
        for (const [place, byte] of changes) if (AT + place < whole.length) whole[AT + place] = byte;
        const frame = whole.subarray(0, Math.max(AT + 1, whole.length - (cut % (whole.length - AT))));
        const json = written(frame);
        let decoded: unknown;
        try {
          decoded = new Decoder().decode(frame, AT, frame.length);
        } catch {
          expect(json).to.equal(undefined);
          return;
        }
        if (json !== undefined && decoded !== undefined) expect(json).to.equal(JSON.stringify(decoded));
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('The text of a field, read from a frame', () => {
  it('is that of the decoded event, where it is a text or a number', () => {
    const writer = new JsonWriter();
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('a', 'user', 'ж', 'x'.repeat(70), '7'), event), (value) => {
        const frame = encoded(value);
        const decoded = new Decoder().decode(frame, AT, frame.length) as Readonly<Record<string, unknown>>;
        for (const name of ['a', 'user', 'ж', 'x'.repeat(70), '7', 'missing']) {
          const found = decoded[name];
          const isKey = typeof found === 'string' || (typeof found === 'number' && Number.isFinite(found));
          const field = writer.field(frame, AT, frame.length, name);
          expect(field).to.equal(isKey ? String(found) : undefined);
          const target = Buffer.alloc(SHORT + 9, 0xee);
          const end = writer.shortField(frame, AT, frame.length, name, target, 9);
          if (end === NOT_WRITTEN) continue;
          expect(target.toString('latin1', 9, end)).to.equal(field);
          expect(target.subarray(end).every((byte) => byte === 0xee)).to.equal(true);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('is none where the event is no plain object, or what stands before the field is not known here', () => {
    const writer = new JsonWriter();
    for (const value of [['user'], 'user', 7, new Map([['user', 'a']]), { before: 1n, user: 'a' }]) {
      const frame = encoded(value);
      expect(writer.field(frame, AT, frame.length, 'user')).to.equal(undefined);
    }
  });
});

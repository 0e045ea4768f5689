import { expect } from 'chai';
import fc from 'fast-check';
import { ProcessId } from '../../src/otp/pid.ts';
import { RecordsRejectedError } from '../../src/pipeline/adapter/errors.ts';
import { errorRebuilders } from '../../src/pipeline/error-rebuilders.ts';
import { BeamlineError } from '../../src/pipeline/errors.ts';
import { EventTooLargeError } from '../../src/threads/queue/index.ts';
import { termCodec } from '../../src/threads/term-codec.ts';

const codec = termCodec(errorRebuilders);
/** There and back, as between two threads. */
const cross = (term: unknown): unknown => codec.decode(structuredClone(codec.encode(term)));

describe('The term codec', () => {
  it('carries plain data as it is', () => {
    fc.assert(
      fc.property(
        fc.object({ withDate: true, withBigInt: true, withMap: true, withSet: true, withTypedArray: true }),
        (term) => {
          expect(cross(term)).to.deep.equal(structuredClone(term));
        },
      ),
    );
  });

  it('carries pids wherever they stand', () => {
    const pid = new ProcessId(3, 77);
    const crossed = cross({ list: [pid], at: { pid } }) as { list: ProcessId[]; at: { pid: ProcessId } };
    expect(crossed.list[0]).to.be.instanceOf(ProcessId);
    expect(crossed.list[0]?.key).to.equal(pid.key);
    expect(crossed.at.pid.toString()).to.equal('<3.77>');
  });

  it('gives errors of this library their class, code, fields, stack and cause back', () => {
    const cause = new TypeError('inner');
    const errors = [
      new BeamlineError(
        'ERR_START_TIMEOUT',
        { recordType: 'A', url: 'file:///a.js', startTimeoutMs: 5 },
        { cause },
      ),
      new RecordsRejectedError('signup', 2, [{ index: 1, code: 'X', message: 'no', bytes: 3, limit: null }]),
      new EventTooLargeError(10, 5),
      new BeamlineError('ERR_OPTIONS', { call: 'x()', problems: [] }),
    ];
    for (const error of errors) {
      const crossed = cross(error) as Error & { code: string };
      expect(crossed).to.be.instanceOf(error.constructor);
      expect({ ...crossed, name: error.name }).to.deep.equal({ ...error, name: error.name });
      expect(crossed.message).to.equal(error.message);
      expect(crossed.name).to.equal(error.name);
      expect(crossed.stack).to.equal(error.stack);
    }
    expect((cross(errors[0]) as Error).cause)
      .to.be.instanceOf(TypeError)
      .with.property('message', 'inner');
  });

  it('keeps name, code and own fields of errors that it does not know', () => {
    class Custom extends Error {
      override readonly name = 'Custom';
      readonly code = 'E_CUSTOM';
      readonly detail = { list: [1] };
    }
    const crossed = cross(new Custom('odd')) as Custom;
    expect(crossed).to.be.instanceOf(Error).and.include({ name: 'Custom', message: 'odd', code: 'E_CUSTOM' });
    expect(crossed.detail).to.deep.equal({ list: [1] });
    expect(cross(new RangeError('far'))).to.be.instanceOf(RangeError);
  });

  it('carries cycles, and errors that are their own cause', () => {
    const ring: { self?: unknown; list: unknown[] } = { list: [] };
    ring.self = ring;
    ring.list.push(ring);
    const crossed = cross(ring) as typeof ring;
    expect(crossed.self).to.equal(crossed);
    expect(crossed.list[0]).to.equal(crossed);
    const error = new Error('mine');
    error.cause = error;
    expect(cross(error)).to.be.instanceOf(Error).with.property('message', 'mine');
  });

  it('turns what cannot cross into text, and never takes data for its own marks', () => {
    expect(cross({ run: () => 1 })).to.deep.equal({ run: '() => 1' });
    const forged = { $beamline: 'pid', node: 1, serial: 1 };
    expect(cross(forged)).to.deep.equal(forged);
    const hostile = JSON.parse('{"__proto__": {"polluted": true}, "a": 1}') as object;
    const crossed = cross(hostile) as Record<string, unknown>;
    expect(Object.getPrototypeOf(crossed)).to.equal(Object.prototype);
    expect(Object.keys(crossed)).to.deep.equal(['__proto__', 'a']);
    expect(({} as Record<string, unknown>).polluted).to.equal(undefined);
  });

  it('cuts off what lies too deep', () => {
    let deep: unknown = 'bottom';
    for (let level = 0; level < 10_000; level++) deep = [deep];
    expect(() => cross(deep)).to.not.throw();
  });
});

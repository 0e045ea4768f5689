import { expect } from 'chai';
import fc from 'fast-check';
import { serviceError, systemError } from '../scripted-transport.ts';
import { bench, names, rejectionsOf, THROTTLED } from './bench.ts';

describe('kinesis adapter: any script of answers', () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.constant({ type: 'take' as const }) },
    {
      weight: 4,
      arbitrary: fc.record({
        type: fc.constant('partial' as const),
        failed: fc.uniqueArray(fc.nat(30)),
        code: fc.constantFrom(THROTTLED, 'InternalFailure', 'SomethingNew', 'KMSAccessDeniedException'),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        type: fc.constant('throw' as const),
        error: fc
          .constantFrom('ECONNRESET', THROTTLED, 'ExpiredTokenException', 'InternalFailure')
          .map((code) => serviceError(code)),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.constant({ type: 'take-then-throw' as const, error: systemError('ECONNRESET') }),
    },
    { weight: 1, arbitrary: fc.constant({ type: 'answer' as const, response: {} }) },
    { weight: 1, arbitrary: fc.constant({ type: 'hang' as const }) },
  );

  it('loses no record, condemns only the poison, and repeats only what was taken before its answer was lost', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 6 }),
        fc.array(step, { maxLength: 40 }),
        fc.array(fc.nat(59), { maxLength: 3 }),
        async (sizes, steps, poison) => {
          const poisoned = new Set(poison.map((index) => `0-${index}`));
          const lost: string[] = [];
          const { clock, transport, send } = bench(
            ({ ordinal, data }) => {
              if (data.some((text) => poisoned.has(text))) {
                return { type: 'throw', error: serviceError('InvalidArgumentException') };
              }
              const played = steps[ordinal - 1] ?? { type: 'take' };
              if (played.type === 'take-then-throw') lost.push(...data);
              return played;
            },
            { maxInFlight: 2, maxRequestRecords: 25, requestTimeoutMs: 1_000 },
          );
          const sends = sizes.map((size, i) => send(i % 2 === 0 ? 's' : 't', names(size, `${i}-`)));
          await clock.advanceUntil(() => sends.every(({ state }) => state !== 'pending'));
          for (const [i, sent] of sends.entries()) {
            const bad = names(sizes[i] ?? 0, `${i}-`).flatMap((name, index) =>
              poisoned.has(name) ? [index] : [],
            );
            expect(sent.state).to.equal(bad.length === 0 ? 'resolved' : 'rejected');
            if (bad.length > 0) expect(rejectionsOf(sent.error).map(({ index }) => index)).to.deep.equal(bad);
          }
          const all = sizes.flatMap((size, i) => names(size, `${i}-`)).filter((name) => !poisoned.has(name));
          const expected = [...all, ...lost].sort();
          expect(transport.committed.map(({ data }) => data).sort()).to.deep.equal(expected);
        },
      ),
      { numRuns: 200 },
    );
  });
});

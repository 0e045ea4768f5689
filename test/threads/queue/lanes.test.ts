import { expect } from 'chai';
import fc from 'fast-check';
import { Cancellation } from '../../../src/base/cancellation.ts';
import {
  type Claim,
  type ClaimTable,
  LANES,
  type QueueHandle,
  type QueueWriter,
} from '../../../src/threads/queue/index.ts';
import { HELD_BACK_MAX } from '../../../src/threads/queue/lanes.ts';
import { claimAll, dataOf, laneTableOf, smallQueue, writerOf } from './rig.ts';

interface Event {
  readonly lane: number;
  readonly n: number;
}

const laneOf = (data: unknown) => (data as Event).lane;
const shown = (claim: Claim<string> | undefined) =>
  (dataOf(claim) as Event[]).map(({ lane, n }) => `${lane}:${n}`).join(' ');

function queueOf(events: readonly string[]): {
  handle: QueueHandle;
  writer: QueueWriter;
  table: ClaimTable<string>;
} {
  const handle = smallQueue({ queueBytes: 40 * 512 });
  const writer = writerOf(handle);
  for (const event of events) append(writer, event);
  return { handle, writer, table: laneTableOf(handle, laneOf) };
}

function append(writer: QueueWriter, event: string): void {
  const [lane, n] = event.split(':').map(Number) as [number, number];
  expect(writer.append({ lane, n })).to.equal(true);
}

describe('Events in lanes', () => {
  it('of one lane are in one claim at a time; those of others go on', () => {
    const { table, writer } = queueOf(['1:1', '1:2', '2:1']);
    const first = claimAll(table, 1)!;
    expect(shown(first)).to.equal('1:1');
    const second = claimAll(table);
    expect(shown(second)).to.equal('2:1');
    append(writer, '1:3');
    append(writer, '3:1');
    expect(shown(claimAll(table))).to.equal('3:1');
    expect(claimAll(table)).to.equal(undefined);
    expect(table.pending()).to.include({ waiting: 2, claimed: 3 });
    table.settle(first, 'delivered');
    expect(table.freed).to.equal(2);
    expect(shown(claimAll(table))).to.equal('1:2 1:3');
  });

  it('that were held back come first, and are all that a claim for them takes', () => {
    const { table } = queueOf(['1:1', '1:2', '2:1', '3:1']);
    const first = claimAll(table, 1)!;
    const second = claimAll(table, 1)!;
    expect(shown(second)).to.equal('2:1');
    table.settle(first, 'delivered');
    expect(shown(table.claim({ maxEvents: 10, maxBytes: 1e6, owner: 'test', freedOnly: true }))).to.equal(
      '1:2',
    );
    expect(table.claim({ maxEvents: 10, maxBytes: 1e6, owner: 'test', freedOnly: true })).to.equal(undefined);
    expect(shown(claimAll(table))).to.equal('3:1');
  });

  it('that were given back are in front of those that were held back for them', () => {
    const { table } = queueOf(['1:1', '1:2', '1:3', '1:4']);
    const first = claimAll(table, 2)!;
    expect(claimAll(table)).to.equal(undefined);
    table.release(first);
    expect(shown(claimAll(table))).to.equal('1:1 1:2 1:3 1:4');
  });

  it('stay in their lane until both parts of a claim are closed', () => {
    const { table } = queueOf(['1:1', '1:2', '2:1', '1:3', '2:2']);
    const [first, second] = table.split(claimAll(table, 3)!, 1);
    expect(shown(first)).to.equal('1:1');
    expect(shown(second)).to.equal('1:2 2:1');
    table.settle(first, 'delivered');
    expect(claimAll(table)).to.equal(undefined);
    table.settle(second, 'delivered');
    expect(shown(claimAll(table))).to.equal('1:3 2:2');
  });

  it('that do not fit into a claim by their size keep their place', () => {
    const { table } = queueOf(['1:1', '1:2', '2:1']);
    const small = table.claim({ maxEvents: 10, maxBytes: 1, owner: 'test' })!;
    expect(shown(small)).to.equal('1:1');
    expect(shown(table.claim({ maxEvents: 10, maxBytes: 1, owner: 'test' }))).to.equal('2:1');
    table.settle(small, 'delivered');
    expect(shown(claimAll(table))).to.equal('1:2');
  });

  it('are taken over by the next reader from the oldest that is not settled', () => {
    const { handle, table } = queueOf(['1:1', '1:2', '2:1', '1:3']);
    const claim = claimAll(table, 2)!;
    table.settle(claim, (_event, index) => (index === 0 ? 'delivered' : undefined));
    expect(shown(claimAll(laneTableOf(handle, laneOf)))).to.equal('1:2 2:1 1:3');
  });

  it('are read no further while too many are held back, and nobody is woken for those', async () => {
    const handle = smallQueue({ queueBytes: 2 ** 24, segmentBytes: 2 ** 20 });
    const writer = writerOf(handle);
    for (let n = 0; n <= HELD_BACK_MAX + 1; n++) append(writer, `1:${n}`);
    append(writer, '2:1');
    const table = laneTableOf(handle, laneOf);
    const first = claimAll(table, 1)!;
    expect(claimAll(table)).to.equal(undefined);
    expect(table.isFull).to.equal(true);
    const cancellation = new Cancellation();
    const wake = table.waitForEvents({ events: 1, cancellation });
    cancellation.cancel();
    expect(await wake).to.equal('cancelled');
    table.settle(first, 'delivered');
    const second = claimAll(table)!;
    expect(second.events).to.have.length(HELD_BACK_MAX + 2);
  });

  it('have a number below the number of lanes', () => {
    const { table } = queueOf([`${LANES}:1`]);
    expect(() => claimAll(table)).to.throw(/there is no lane 65536/);
  });

  it('never overtake each other, whatever is done', () => {
    type Step =
      | { readonly type: 'append'; readonly lane: number }
      | { readonly type: 'claim'; readonly maxEvents: number; readonly freedOnly: boolean }
      | { readonly type: 'settle' | 'release' | 'split'; readonly which: number };
    const which = fc.nat({ max: 5 });
    const step: fc.Arbitrary<Step> = fc.oneof(
      { weight: 6, arbitrary: fc.record({ type: fc.constant('append' as const), lane: fc.nat({ max: 4 }) }) },
      {
        weight: 4,
        arbitrary: fc.record({
          type: fc.constant('claim' as const),
          maxEvents: fc.integer({ min: 1, max: 6 }),
          freedOnly: fc.boolean(),
        }),
      },
      {
        weight: 5,
        arbitrary: fc.record({
          type: fc.constantFrom('settle' as const, 'release' as const, 'split' as const),
          which,
        }),
      },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { table, writer } = queueOf([]);
        /** By lane, in order: what is not settled. */
        const open: number[][] = [[], [], [], [], []];
        /** The parts of a split claim stand in one row: the lanes are theirs together. */
        const families: Claim<string>[][] = [];
        const inHand = (lane: number) =>
          families
            .flat()
            .flatMap((claim) => (dataOf(claim) as Event[]).filter((event) => event.lane === lane));
        let last = 0;
        for (const step of steps) {
          const family = step.type === 'append' || step.type === 'claim' ? undefined : families[step.which];
          if (step.type === 'append') {
            append(writer, `${step.lane}:${++last}`);
            open[step.lane]!.push(last);
          } else if (step.type === 'claim') {
            const { maxEvents, freedOnly } = step;
            const before = open.map((_, lane) => inHand(lane).length);
            const claim = table.claim({ maxEvents, maxBytes: 1e6, owner: 'test', freedOnly });
            const free = open.filter((events, lane) => events.length > 0 && before[lane] === 0).flat().length;
            if (!freedOnly) expect(claim?.events.length ?? 0).to.equal(Math.min(maxEvents, free));
            if (claim === undefined) continue;
            families.push([claim]);
            for (const lane of new Set((dataOf(claim) as Event[]).map((event) => event.lane))) {
              expect(before[lane], `lane ${lane} is in another claim`).to.equal(0);
              const mine = (dataOf(claim) as Event[])
                .filter((event) => event.lane === lane)
                .map(({ n }) => n);
              expect(mine).to.deep.equal(open[lane]!.slice(0, mine.length));
            }
          } else if (family !== undefined) {
            // A runner takes the parts one after the other.
            const claim = family[0]!;
            if (step.type === 'split') {
              if (claim.events.length > 1) family.splice(0, 1, ...table.split(claim));
              continue;
            }
            if (step.type === 'settle') {
              for (const { lane, n } of dataOf(claim) as Event[]) {
                expect(open[lane]!.shift(), `in lane ${lane}`).to.equal(n);
              }
              table.settle(claim, 'delivered');
              family.shift();
            } else for (const each of family.splice(0)) table.release(each);
            if (family.length === 0) families.splice(families.indexOf(family), 1);
          }
        }
        const { waiting, claimed } = table.pending();
        expect(waiting + claimed).to.equal(open.flat().length);
      }),
      { numRuns: 300 },
    );
  });
});

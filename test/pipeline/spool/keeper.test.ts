import { expect } from 'chai';
import fc from 'fast-check';
import { eventsOfEntry } from '../../../src/pipeline/spool/entry.ts';
import type { SpoolKeeper } from '../../../src/pipeline/spool/spool-keeper.ts';
import {
  type Claim,
  type ClaimTable,
  countsOf,
  type QueueHandle,
  QueueWriter,
  RecordingThread,
  sealSegmentsOf,
  walkFrames,
} from '../../../src/threads/queue/index.ts';
import { liveUntil } from '../../threads/queue/mortal.ts';
import { claimAll, stillClock, tableOf } from '../../threads/queue/rig.ts';
import { journaledQueue, keeperOf } from './journal-rig.ts';
import { type MemoryDisk, memoryDisk } from './memory-store.ts';

/** What must hold, said without segments, entries or disks. */
class Model {
  /** By number: its id. */
  readonly accepted = new Map<number, string>();
  readonly confirmed = new Set<number>();
  readonly settled = new Map<number, number>();
}

const DEATH = Symbol('death at the disk');

interface Seen {
  aside: number;
  deaths: number;
  crashes: number;
  recovered: number;
  parked: number;
}

/** A process with its queue, writers, reader and journal, over a disk that outlives it. */
class World {
  readonly model = new Model();
  readonly disk: MemoryDisk = memoryDisk();
  #boots = 0;
  #lastNumber = 0;
  handle!: QueueHandle;
  #threads: RecordingThread[] = [];
  #writers: QueueWriter[] = [];
  table!: ClaimTable<string>;
  held: Claim<string>[] = [];
  keeper!: SpoolKeeper;
  /** Whether deliveries of this world are to be exactly once: no process and no thread of the journal has died. */
  exact = true;
  /** The disk has failed since the last time that it was surely written. */
  #hasFailed = false;
  /** So that the test can say that it has seen everything. */
  readonly seen: Seen = { aside: 0, deaths: 0, crashes: 0, recovered: 0, parked: 0 };

  constructor() {
    this.boot();
  }

  boot(): void {
    this.#boots++;
    this.handle = journaledQueue(`boot${this.#boots}`, { segmentBytes: 2048, segments: 5 });
    this.#threads = [1, 2].map((writer) => new RecordingThread({ writer, clock: stillClock }));
    this.#writers = this.#threads.map((thread) => new QueueWriter(this.handle, thread));
    this.table = tableOf(this.handle, { predecessor: 'none' });
    this.held = [];
    this.open();
  }

  open(resumed?: number): void {
    this.keeper = keeperOf(this.disk, this.handle, resumed);
  }

  append(writer: 0 | 1, many: number): void {
    for (let each = 0; each < many; each++) {
      const number = ++this.#lastNumber;
      if (!this.#writers[writer]!.append({ number, filler: 'x'.repeat(number % 60) })) continue;
      this.model.accepted.set(number, `boot${this.#boots}-${writer + 1}-${this.#threads[writer]!.sequence}`);
    }
  }

  claim(maxEvents: number): void {
    const claim = claimAll(this.table, maxEvents);
    if (claim !== undefined) this.held.push(claim);
  }

  settle(which: number, part: boolean): void {
    const claim = this.held[which % Math.max(1, this.held.length)];
    if (claim === undefined) return;
    this.table.settle(claim, (event, index) => {
      if (part && index % 2 === 1) return undefined;
      this.#deliver(event.id, event.decode());
      return 'delivered';
    });
    if (claim.events.length === 0) this.held = this.held.filter((each) => each !== claim);
  }

  /** Moves the events of a claim into the memory for parked ones. */
  park(which: number): void {
    const claim = this.held[which % Math.max(1, this.held.length)];
    if (claim === undefined) return;
    this.table.launch(claim);
    if (this.table.park(claim)) this.seen.parked += claim.events.length;
    else this.table.land(claim);
  }

  #deliver(id: string, data: unknown): void {
    const { number, filler } = data as { number: number; filler: string };
    expect(filler, 'what was recorded').to.equal('x'.repeat(number % 60));
    expect(id, 'the id it was recorded under').to.equal(this.model.accepted.get(number));
    this.model.settled.set(number, (this.model.settled.get(number) ?? 0) + 1);
  }

  /**
   * The thread of the journal dies before its n-th write to shared memory or to the disk. Not while the disk fails as
   * well: what its successor cannot know then is delivered twice.
   */
  dieInTurn(n: number): void {
    if (this.#hasFailed) {
      this.disk.fault = undefined;
      this.#hasFailed = false;
      this.keeper.turn();
    }
    let writes = 0;
    this.disk.onWrite = () => {
      // No error: that would be a fault of the disk, which the keeper outlives.
      if (++writes === n) throw DEATH;
    };
    let died = false;
    try {
      died = liveUntil(n, () => this.keeper.turn()).died;
    } catch (thrown) {
      if (thrown !== DEATH) throw thrown;
      died = true;
    }
    this.disk.onWrite = undefined;
    if (!died) return;
    this.seen.deaths++;
    this.open(this.disk.run);
  }

  fail(on: boolean): void {
    this.disk.fault = on ? new Error('no space left on the device') : undefined;
    this.#hasFailed ||= on;
  }

  newReader(): void {
    this.table = tableOf(this.handle);
    this.held = [];
  }

  /** kill -9. */
  crash(): void {
    this.exact = false;
    const ids = [...this.disk.entries.values()].flatMap(([key, value]) =>
      eventsOfEntry(value, key.events)!.map(({ id }) => id),
    );
    const onDisk = new Set(ids);
    expect(ids, 'each event in one entry').to.have.lengthOf(onDisk.size);
    const committed = [...walkFrames(this.handle)].filter(
      (frame) => frame.committed && frame.state === 'ready',
    );
    expect(
      committed.filter(({ id }) => !onDisk.has(id)),
      'said to be committed, and not on the disk',
    ).to.deep.equal([]);
    for (const [number, id] of this.model.accepted) if (onDisk.has(id)) this.model.confirmed.add(number);
    this.seen.crashes++;
    this.boot();
    this.seen.recovered += countsOf(this.handle).recovered;
  }

  check(): void {
    this.seen.aside = Math.max(this.seen.aside, this.keeper.asideEvents);
    const counts = countsOf(this.handle);
    const ready = [...walkFrames(this.handle)].filter(({ state }) => state === 'ready').length;
    expect(counts.pending, 'pending: by the counts, and by a walk over memory and disk').to.equal(
      ready + this.keeper.asideEvents,
    );
    expect(counts.accepted + counts.recovered).to.equal(
      counts.delivered + counts.deadLettered + counts.pending,
    );
  }

  /** Everything that is left is delivered; then the disk is empty. */
  drain(): void {
    this.disk.fault = undefined;
    for (const writer of [1, 2]) sealSegmentsOf(this.handle, writer);
    this.newReader();
    for (let quiet = 0, rounds = 0; quiet < 3; rounds++) {
      expect(rounds, 'it comes to an end').to.be.lessThan(1000);
      this.keeper.turn();
      const claim = claimAll(this.table);
      quiet = claim === undefined ? quiet + 1 : 0;
      if (claim !== undefined) {
        this.held = [claim];
        this.settle(0, false);
      }
    }
    this.check();
    expect(countsOf(this.handle).pending).to.equal(0);
    expect(this.keeper.isIdle).to.equal(true);
    expect(this.disk.entries.size, 'entries left on the disk').to.equal(0);
    expect(this.disk.aside.size, 'marks left on the disk').to.equal(0);
    for (const number of this.model.accepted.keys()) {
      const times = this.model.settled.get(number) ?? 0;
      if (this.exact) expect(times, `deliveries of ${number}`).to.equal(1);
      else if (this.model.confirmed.has(number)) expect(times, `deliveries of ${number}`).to.be.at.least(1);
    }
  }
}

type Step =
  | { readonly type: 'append'; readonly writer: 0 | 1; readonly many: number }
  | { readonly type: 'claim'; readonly maxEvents: number }
  | { readonly type: 'settle'; readonly which: number; readonly part: boolean }
  | { readonly type: 'park'; readonly which: number }
  | { readonly type: 'turn' }
  | { readonly type: 'newReader' }
  | { readonly type: 'crash' }
  | { readonly type: 'fault'; readonly on: boolean }
  | { readonly type: 'dieInTurn'; readonly n: number };

const weighted = (weight: number, arbitrary: fc.Arbitrary<Step>) => ({ weight, arbitrary });
const step = fc.oneof(
  weighted(
    6,
    fc.record({
      type: fc.constant('append' as const),
      writer: fc.constantFrom<0 | 1>(0, 1),
      many: fc.integer({ min: 1, max: 20 }),
    }),
  ),
  weighted(3, fc.record({ type: fc.constant('claim' as const), maxEvents: fc.integer({ min: 1, max: 15 }) })),
  weighted(
    3,
    fc.record({ type: fc.constant('settle' as const), which: fc.nat({ max: 5 }), part: fc.boolean() }),
  ),
  weighted(6, fc.constant({ type: 'turn' as const })),
  weighted(2, fc.record({ type: fc.constant('park' as const), which: fc.nat({ max: 5 }) })),
  weighted(1, fc.constant({ type: 'newReader' as const })),
  weighted(1, fc.record({ type: fc.constant('fault' as const), on: fc.boolean() })),
  weighted(3, fc.record({ type: fc.constant('dieInTurn' as const), n: fc.integer({ min: 1, max: 40 }) })),
  weighted(1, fc.constant({ type: 'crash' as const })),
);

function play(world: World, step: Step): void {
  if (step.type === 'append') world.append(step.writer, step.many);
  else if (step.type === 'claim') world.claim(step.maxEvents);
  else if (step.type === 'settle') world.settle(step.which, step.part);
  else if (step.type === 'park') world.park(step.which);
  else if (step.type === 'turn') world.keeper.turn();
  else if (step.type === 'newReader') world.newReader();
  else if (step.type === 'crash') world.crash();
  else if (step.type === 'dieInTurn') world.dieInTurn(step.n);
  else if (step.type === 'fault') world.fail(step.on);
}

describe('The spool and the queue', () => {
  it('agree with a model under any interleaving, with crashes at any write', () => {
    const seen: Seen = { aside: 0, deaths: 0, crashes: 0, recovered: 0, parked: 0 };
    fc.assert(
      fc.property(fc.array(step, { minLength: 10, maxLength: 60, size: 'max' }), (steps) => {
        const world = new World();
        for (const each of steps) {
          play(world, each);
          world.check();
        }
        world.drain();
        for (const key of Object.keys(seen) as (keyof typeof seen)[]) seen[key] += world.seen[key];
      }),
      { numRuns: 200 },
    );
    expect(seen.aside, 'events put aside').to.be.greaterThan(100);
    expect(seen.deaths, 'deaths of the thread').to.be.greaterThan(20);
    expect(seen.parked, 'events parked').to.be.greaterThan(100);
    expect(seen.recovered, 'events recovered').to.be.greaterThan(100);
  }).timeout(60_000);
});

/**
 * Events that are parked while a journal is kept: wherever the reading thread and the journal meet, and wherever one of
 * them dies, a kill of the process leaves each event that was confirmed on the disk, and in one entry only.
 */
import { expect } from 'chai';
import { eventsOfEntry } from '../../../src/pipeline/spool/entry.ts';
import type { SpoolKeeper } from '../../../src/pipeline/spool/spool-keeper.ts';
import {
  type Claim,
  type ClaimTable,
  countsOf,
  type QueueHandle,
  sealSegmentsOf,
  walkFrames,
} from '../../../src/threads/queue/index.ts';
import { heldUpAt, liveUntil } from '../../threads/queue/mortal.ts';
import { claimAll, tableOf, writerOf } from '../../threads/queue/rig.ts';
import { journaledQueue, keeperOf } from './journal-rig.ts';
import { type MemoryDisk, memoryDisk } from './memory-store.ts';

const EVENTS = 18;

/** Eighteen events on the disk and in work, in three batches that share entries. */
class Scene {
  readonly disk: MemoryDisk = memoryDisk();
  readonly handle: QueueHandle = queue('boot');
  table: ClaimTable<string> = tableOf(this.handle, { predecessor: 'none' });
  keeper: SpoolKeeper = keeperOf(this.disk, this.handle);
  readonly claims: Claim<string>[] = [];
  readonly settled = new Set<string>();

  constructor() {
    const writer = writerOf(this.handle);
    for (let n = 0; n < EVENTS; n++) expect(writer.append(n)).to.equal(true);
    this.keeper.turn();
    for (const events of [4, 4, 10]) this.claims.push(claimAll(this.table, events)!);
    for (const claim of this.claims) this.table.launch(claim);
    this.disk.onWrite = () => this.look();
  }

  park(which: number): void {
    expect(this.table.park(this.claims[which]!), 'there is room').to.equal(true);
  }

  settle(which: number, count: number): void {
    this.table.settle(this.claims[which]!, ({ id }, index) => {
      if (index >= count) return undefined;
      this.settled.add(id);
      return 'delivered';
    });
  }

  /** The ids on the disk: each once, and of all events that are not settled. */
  look(): string[] {
    const ids: string[] = [];
    for (const [key, value] of this.disk.entries.values())
      ids.push(...eventsOfEntry(value, key.events)!.map(({ id }) => id));
    expect(ids, 'each event in one entry').to.have.lengthOf(new Set(ids).size);
    const open = [...walkFrames(this.handle)].filter(({ state }) => state === 'ready').map(({ id }) => id);
    expect(ids).to.include.members(open);
    return ids;
  }

  /** kill -9, and the life after it. */
  kill(): void {
    const ids = this.look();
    const handle = queue('next');
    const keeper = keeperOf(this.disk, handle);
    expect(countsOf(handle)).to.include({ recovered: ids.length, pending: ids.length });
    const delivered = drained(handle, keeper);
    expect(delivered).to.have.members(ids);
    expect(countsOf(handle)).to.include({ recovered: ids.length, delivered: ids.length, pending: 0 });
    expect(this.disk.entries.size, 'entries left').to.equal(0);
  }

  /** All is delivered in this life. */
  end(): void {
    for (const claim of this.claims) if (claim.events.length > 0) this.table.release(claim);
    sealSegmentsOf(this.handle, 1);
    for (const id of drained(this.handle, this.keeper)) this.settled.add(id);
    expect(this.settled.size).to.equal(EVENTS);
    expect(countsOf(this.handle)).to.include({ accepted: EVENTS, delivered: EVENTS, pending: 0 });
    expect(this.disk.entries.size, 'entries left').to.equal(0);
  }
}

function queue(bootId: string): QueueHandle {
  return journaledQueue(bootId, { segmentBytes: 8192, segments: 4 });
}

function drained(handle: QueueHandle, keeper: SpoolKeeper): string[] {
  const table = tableOf(handle);
  const ids: string[] = [];
  for (let quiet = 0; quiet < 3; ) {
    keeper.turn();
    const claim = claimAll(table);
    quiet = claim === undefined ? quiet + 1 : 0;
    if (claim === undefined) continue;
    ids.push(...claim.events.map(({ id }) => id));
    table.settle(claim, 'delivered');
  }
  return ids;
}

/** What is done while one is held up, or before it dies, and after. */
const STORIES: readonly {
  readonly name: string;
  readonly before: (scene: Scene) => void;
  readonly act: (scene: Scene) => void;
  readonly meanwhile: (scene: Scene) => void;
}[] = [
  {
    name: 'a turn of the journal, while a batch is parked',
    before: (scene) => scene.settle(0, 2),
    act: ({ keeper }) => void keeper.turn(),
    meanwhile: (scene) => scene.park(1),
  },
  {
    name: 'a turn that writes a parked batch, while the next is parked',
    before: (scene) => scene.park(1),
    act: ({ keeper }) => void keeper.turn(),
    meanwhile: (scene) => scene.park(0),
  },
  {
    name: 'a turn that writes a parked batch, while that is delivered',
    before: (scene) => scene.park(1),
    act: ({ keeper }) => void keeper.turn(),
    meanwhile: (scene) => scene.settle(1, 4),
  },
  {
    name: 'the parking of a batch, while the journal takes a turn',
    before: (scene) => scene.settle(0, 2),
    act: (scene) => scene.park(1),
    meanwhile: ({ keeper }) => void keeper.turn(),
  },
];

describe('A parked event and the journal', () => {
  for (const { name, before, act, meanwhile } of STORIES) {
    for (const end of ['kill', 'end'] as const) {
      it(`held up anywhere in ${name}: ${end === 'kill' ? 'a kill -9 follows' : 'all is delivered'}`, () => {
        let holdUps = 0;
        for (let n = 1; ; n++) {
          const scene = new Scene();
          before(scene);
          const { heldUp } = heldUpAt(
            n,
            () => act(scene),
            () => meanwhile(scene),
          );
          if (!heldUp) break;
          holdUps++;
          if (n % 2 === 0) scene.keeper.turn();
          scene[end]();
        }
        expect(holdUps).to.be.greaterThan(10);
      });
    }
  }

  it('is in one entry when the reading thread dies at any write of the parking', () => {
    for (let n = 1, died = true; died; n++) {
      for (const end of ['kill', 'end'] as const) {
        const scene = new Scene();
        ({ died } = liveUntil(n, () => scene.park(1)));
        scene.keeper.turn();
        scene.claims.length = 0;
        scene.table = tableOf(scene.handle);
        scene.keeper.turn();
        scene[end]();
      }
    }
  });

  it('is in one entry when the thread of the journal dies at any write, and another takes over', () => {
    for (let n = 1, died = true; died; n++) {
      for (const end of ['kill', 'end'] as const) {
        const scene = new Scene();
        scene.settle(0, 2);
        scene.park(1);
        ({ died } = liveUntil(n, () => scene.keeper.turn()));
        scene.keeper = keeperOf(scene.disk, scene.handle, scene.disk.run);
        scene.keeper.turn();
        scene[end]();
      }
    }
  });

  it('is in one entry when more of its old one is parked after the thread of the journal was replaced', () => {
    for (const end of ['kill', 'end'] as const) {
      const scene = new Scene();
      scene.park(1);
      scene.keeper.turn();
      scene.keeper = keeperOf(scene.disk, scene.handle, scene.disk.run);
      scene.park(0);
      scene.keeper.turn();
      scene[end]();
    }
  });

  it('is in one entry when it was recovered and put aside before', () => {
    const scene = new Scene();
    const handle = queue('next');
    const keeper = keeperOf(scene.disk, handle);
    keeper.turn();
    const table = tableOf(handle, { predecessor: 'none' });
    const claim = claimAll(table, 9)!;
    table.launch(claim);
    expect(table.park(claim)).to.equal(true);
    keeper.turn();
    const ids = [...scene.disk.entries.values()].flatMap(([key, value]) =>
      eventsOfEntry(value, key.events)!.map(({ id }) => id),
    );
    expect(ids).to.have.lengthOf(EVENTS);
    expect(new Set(ids).size).to.equal(EVENTS);
    const last = queue('last');
    expect(drained(last, keeperOf(scene.disk, last))).to.have.members(ids);
  });
});

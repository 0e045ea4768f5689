/** How a story about the queue ends, whoever died in it: looked at from outside, and by a successor. */
import { expect } from 'chai';
import { frameAt, KIND, markOf, sourceOf, stateOf } from '../../../src/threads/queue/frame.ts';
import {
  type ClaimTable,
  countsOf,
  type QueueHandle,
  sealSegmentsOf,
  walkFrames,
} from '../../../src/threads/queue/index.ts';
import { QueueMemory } from '../../../src/threads/queue/layout.ts';
import { controlOf } from '../../../src/threads/queue/segment.ts';
import { claimAll, tableOf, writerOf } from './rig.ts';

/** A successor claims in small claims; a number that it sees twice is in two hands. */
export function claimEverything(table: ClaimTable<string>): number[] {
  const numbers: number[] = [];
  for (let claim = claimAll(table, 4); claim !== undefined; claim = claimAll(table, 4)) {
    numbers.push(...claim.events.map((event) => event.decode() as number));
  }
  expect(new Set(numbers).size, 'no event in two hands').to.equal(numbers.length);
  return numbers;
}

export function expectBalanced(handle: QueueHandle, accepted: number): void {
  const counts = countsOf(handle);
  expect(counts.accepted, 'accepted').to.equal(accepted);
  const unsettled = [...walkFrames(handle)].filter(
    ({ state }) => state === 'ready' || state === 'dead',
  ).length;
  const pending = unsettled - halfMoved(handle);
  expect(counts.pending, 'pending by the counts and by a walk').to.equal(pending);
  expect(counts.delivered + counts.deadLettered + pending).to.equal(accepted);
}

/** Settles whatever is left and looks at the end: all counted, all memory back. */
export function expectGoodEnd(handle: QueueHandle, accepted: number): void {
  const table = tableOf(handle);
  for (let claim = claimAll(table, 7); claim !== undefined; claim = claimAll(table, 7))
    table.settle(claim, 'delivered');
  const letters = table.claim({ kind: 'dead', maxEvents: 1000, maxBytes: 1e6, owner: 'sink' });
  if (letters !== undefined) table.settle(letters, 'buried');
  sealSegmentsOf(handle, 1);
  sealSegmentsOf(handle, 2);
  expect(claimAll(table)).to.equal(undefined);
  expect([...walkFrames(handle)]).to.have.length(0);
  expect(countsOf(handle)).to.include({ accepted, pending: 0 });
  const writer = writerOf(handle, 3);
  let room = 0;
  while (writer.append('x'.repeat(90))) room++;
  expect(room, 'all memory is back').to.equal(4 * 4);
}

/** Copies whose source is ready too, because a reader died in between: each pair is one event. */
export function halfMoved(handle: QueueHandle): number {
  const memory = new QueueMemory(handle);
  const copies = [...walkFrames(handle)].filter(({ kind, state }) => kind === KIND.COPY && state === 'ready');
  return copies.filter((copy) => {
    const source = sourceOf(memory, frameAt(memory, copy.segment, copy.offset));
    const at = frameAt(memory, source.segment, source.offset);
    const { generation } = controlOf(memory, source.segment);
    return generation === source.generation && stateOf(markOf(memory, at)) === 'ready';
  }).length;
}

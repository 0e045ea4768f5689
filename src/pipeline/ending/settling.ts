/**
 * Waiting until events are settled: delivered, or in the hands of the dead letters' sink. A wait is for what was
 * accepted before it began, and outlasts the threads that end meanwhile.
 */
import { Barrier, markPublished } from '../../threads/queue/index.ts';
import { tellDispatchServer } from '../dispatch-server.ts';
import type { Engine } from '../engine.ts';
import type { RecordType } from '../site/record-type.ts';

/**
 * Resolves when all that these types have accepted by now is settled, or when `end` says that nobody waits any longer.
 */
export async function settled(engine: Engine, types: readonly RecordType[], end: AbortSignal): Promise<void> {
  let giveUp: (() => void) | undefined;
  const gone = new Promise<'gone'>((resolve) => {
    giveUp = () => resolve('gone');
    end.addEventListener('abort', giveUp);
  });
  await Promise.all(types.map((type) => typeSettled(engine, type, end, gone)));
  if (giveUp !== undefined) end.removeEventListener('abort', giveUp);
}

async function typeSettled(
  engine: Engine,
  type: RecordType,
  end: AbortSignal,
  gone: Promise<'gone'>,
): Promise<void> {
  const mark = markPublished(type.queue);
  const barrier = new Barrier(type.queue, mark);
  while (!barrier.isPassed() && !end.aborted) {
    if (type.placement.place === undefined) tellDispatchServer(engine.runtime, { type: 'reconcile' });
    const place = await Promise.race([type.placement.ready(), gone]);
    if (place === 'gone') return;
    // A thread that ends meanwhile rejects: the mark is waited for in the next one.
    await Promise.race([place.control.settled(mark).catch(() => {}), gone]);
  }
}

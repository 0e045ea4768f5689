/**
 * When nothing is busy: no process is able to run, nothing is under way between the threads, nothing is due. Never
 * guessed: the threads count what they have sent and handled.
 */
import type { HomeWorld } from './home-world.ts';

/** More turns of the event loop without rest than any scenario needs: something runs for ever. */
const TURNS_MAX = 10_000;

/** Waits until nothing is busy, or until it is told that nobody waits for it any more. */
export async function quiet(world: HomeWorld, isOver: () => boolean = () => false): Promise<void> {
  const { clock, runtime, away } = world;
  for (let turn = 0; turn < TURNS_MAX; turn++) {
    // Microtasks are done when a turn of the event loop comes: no promise is left to settle.
    await new Promise((resolve) => setImmediate(resolve));
    if (isOver()) return;
    if (!runtime.scheduler.idle) continue;
    if (away !== undefined && !(await away.isIdle())) continue;
    if (isOver()) return;
    if (clock.nextDueAt === undefined || clock.nextDueAt > clock.now()) return;
    world.fireNext();
  }
  throw new Error('never quiet: some process runs for ever');
}

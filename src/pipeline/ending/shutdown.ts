/**
 * The end of an application, in an order in which nothing is lost: new events are refused; Producers flush and
 * Consumers finish, for as long as `timeoutMs`; connections close; the supervision tree goes down, when nothing is left
 * in it to lose; the threads end; the spool commits what is left, and is closed. What is left then is in the ledger, as `pending`, and in the log.
 */
import type { Engine } from '../engine.ts';
import type { Placement } from '../site/placement.ts';
import type { RecordType } from '../site/record-type.ts';
import type { Tree } from '../tree.ts';
import { type Ledger, ledgerOf } from '../view/ledger.ts';

/** How long connections may take to close, and how much longer a thread may take to say so. */
const CLOSE_TIMEOUT_MS = 1000;
const ANSWER_TIMEOUT_MS = 500;

export interface Shutdown {
  readonly timeoutMs: number;
  readonly tree: Tree;
  /** Resolves when all that was accepted by now is settled, or when `late` is aborted. */
  settled(late: AbortSignal): Promise<void>;
}

export async function shutDown(engine: Engine, { timeoutMs, tree, settled }: Shutdown): Promise<Ledger> {
  const { clock, logger, spool } = engine;
  const types: readonly RecordType[] = [...engine.types.values()];
  for (const type of types) type.signals.door = 'closed';
  const late = new AbortController();
  const timer = clock.setTimer(timeoutMs, () => late.abort());
  // Again while something is left: a writer may have been past the door when it closed.
  do await settled(late.signal);
  while (ledgerOf(types).pending > 0 && !late.signal.aborted);
  timer.clear();
  const closeMs = late.signal.aborted ? 0 : CLOSE_TIMEOUT_MS;
  await Promise.all(types.map(({ placement }) => closeSite(engine, placement, closeMs)));
  await tree.stop();
  await Promise.all(types.map(({ placement }) => placement.close()));
  await spool?.close();
  const ledger = ledgerOf(types);
  const { pending, spooled } = ledger;
  const letters = types.reduce((sum, type) => sum + type.letters, 0);
  if (pending > spooled)
    logger.error({ pending, letters, spooled }, 'stopped before all events were delivered');
  else if (pending > 0)
    logger.warn(
      { pending, letters },
      'stopped before all events were delivered: the spool has them for the next start',
    );
  return ledger;
}

/** Closes a site's connections. One that does not answer is ended now: its processes would not heed the tree's end. */
async function closeSite(engine: Engine, placement: Placement, timeoutMs: number): Promise<void> {
  const { place } = placement;
  if (place === undefined) return;
  let late: (() => void) | undefined;
  const deaf = new Promise<'deaf'>((resolve) => {
    late = () => resolve('deaf');
  });
  const timer = engine.clock.setTimer(timeoutMs + ANSWER_TIMEOUT_MS, () => late?.());
  // A thread that ends now needs no closing.
  const closed = place.control.closeAdapter(timeoutMs).catch(() => {});
  if ((await Promise.race([closed, deaf])) === 'deaf') await placement.close();
  timer.clear();
}

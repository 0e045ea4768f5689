/**
 * Spool: sees to it that the spool's thread runs. When that has ended, it is started again: at once the first time, then
 * after a growing delay, in which the application goes on in memory.
 *
 * Started by ServerSupervisor when there is a spool; its thread is up by then. When it dies the thread goes on, and its
 * successor finds it. Its mailbox holds the ends of threads and its own timer.
 */
import { type Backoff, backoffDelay } from '../../base/backoff.ts';
import { type GenServer, startLink } from '../../otp/gen-server.ts';
import type { Process } from '../../otp/process.ts';
import { noreply, ok, type Result } from '../../otp/result.ts';
import type { StartResult } from '../../otp/start.ts';
import type { Engine } from '../engine.ts';
import { NAMES } from '../names.ts';
import type { SpoolSite } from './spool-site.ts';

const BACKOFF: Backoff = { initialMs: 1000, maxMs: 60_000, factor: 2, jitter: 0.5 };

type Message =
  | { readonly type: 'open' }
  | { readonly type: 'opened' }
  | { readonly type: 'failed'; readonly error: Error }
  | { readonly type: 'thread_ended'; readonly error: Error };

interface Argument {
  readonly engine: Engine;
  readonly site: SpoolSite;
}

interface State extends Argument {
  readonly attempts: number;
}

interface Spec {
  readonly argument: Argument;
  readonly state: State;
  readonly info: Message;
  readonly continue: 'open';
}

export function startSpool(parent: Process, engine: Engine, site: SpoolSite): Promise<StartResult> {
  return startLink(parent, spool, { engine, site }, { name: NAMES.spool });
}

const spool: GenServer<Spec> = {
  kind: 'spool',

  init: (argument) => ok({ ...argument, attempts: 0 }, { continue: 'open' }),

  handleContinue: (_open, state, self) => open(self, state),

  handleInfo(message, state, self): Result<State> {
    const { site, engine } = state;
    const { logger } = engine;
    switch (message.type) {
      case 'open':
        return open(self, state);
      case 'opened':
        site.ending?.attend((error) => tell(self, { type: 'thread_ended', error }));
        return noreply({ ...state, attempts: 0 });
      case 'thread_ended':
        if (site.isClosed) return noreply(state);
        logger.error({ err: message.error }, 'the thread of the spool ended, and is started again');
        return open(self, state);
      case 'failed': {
        if (site.isClosed) return noreply(state);
        site.suspendJournal();
        const attempts = state.attempts + 1;
        const delayMs = backoffDelay(BACKOFF, attempts, self.runtime.random);
        logger.error({ err: message.error, attempts }, 'the spool could not be opened');
        self.sendAfter(delayMs, { type: 'open' } satisfies Message);
        return noreply({ ...state, attempts });
      }
      default:
        self.dropped++;
        return noreply(state);
    }
  },
};

/** Opens the store without waiting for it, or finds it open. */
function open(self: Process, state: State): Result<State> {
  state.site.open(state.engine).then(
    () => tell(self, { type: 'opened' }),
    (error: unknown) => tell(self, { type: 'failed', error: error as Error }),
  );
  return noreply(state);
}

function tell(self: Process, message: Message): void {
  if (self.alive) self.send(self.pid, message);
}

/**
 * The role of the spool's thread: opens the store, and takes one turn of the journal after the other, with rests between
 * them. It runs no code of the user's, and nobody ends it: it ends by itself when its store is closed.
 *
 *     shut --open--> kept --close, or the process ends--> shut, and the thread ends
 */
import type { Clock } from '../../base/clock.ts';
import { type ControlApi, remoteControl } from '../../threads/control-lane.ts';
import { JournalBell, QueueJournal, RECHECK_MS } from '../../threads/queue/index.ts';
import type { ThreadSite } from '../../threads/thread-entry.ts';
import { decodeLetter, encodeLetter } from './letter.ts';
import { type OpenStore, openStore } from './open-store.ts';
import type {
  SpoolArgument,
  SpoolControl,
  SpoolEvent,
  SpoolMainControl,
  SpoolRange,
  SpoolState,
  StoredLetter,
} from './protocol.ts';
import { SpoolKeeper, type Turn } from './spool-keeper.ts';

export { errorRebuilders } from '../error-rebuilders.ts';

/** Between two turns while something happens: so long a plain `record()` may be in memory alone. */
const TURN_MS = 25;
/** Between two turns while nothing does, but something is pending. */
const IDLE_TURN_MS = 500;
/** Between two tries of a store that cannot be written. */
const RETRY_MS = 1000;

export function boot({ runtime, link, codec, argument }: ThreadSite): ControlApi {
  // The main thread outlives this one: what is told to it is heard.
  const main = remoteControl<SpoolMainControl>(link.control, codec, new Promise(() => {}));
  const thread = new SpoolThread(argument as SpoolArgument, {
    clock: runtime.clock,
    report: (event) => void main.report(event).catch(() => {}),
    // After the answer has left.
    end: () => void runtime.clock.setTimer(0, () => link.close()),
  });
  return thread.control as unknown as ControlApi;
}

interface Surroundings {
  readonly clock: Clock;
  readonly report: (event: SpoolEvent) => void;
  readonly end: () => void;
}

class SpoolThread {
  readonly #argument: SpoolArgument;
  readonly #clock: Clock;
  readonly #bell: JournalBell;
  readonly #report: (event: SpoolEvent) => void;
  readonly #end: () => void;
  #open: OpenStore | undefined;
  #keeper: SpoolKeeper | undefined;
  #loop: Promise<void> | undefined;
  #closing = false;
  /** When a store that could not be written is tried again. */
  #retryAt: number | undefined;
  #commits = 0;
  #lastCommitAt: number | null = null;
  #error: string | null = null;

  readonly control: SpoolControl = {
    open: async () => {
      this.#bell.isStoreOpen = true;
      try {
        this.#open = await openStore(this.#argument, this.#clock);
      } catch (error) {
        this.#bell.isStoreOpen = false;
        throw error;
      }
      const { store, repaired } = this.#open;
      this.#keeper = new SpoolKeeper({ store, maxBytes: this.#argument.maxBytes });
      this.#bell.isKept = true;
      this.#loop = this.#work(this.#keeper);
      return { run: store.run, repaired };
    },

    attach: (recordType, queue, order) => {
      this.#kept.attach(recordType, new QueueJournal(queue, this.#argument.confirmations), order);
      this.#bell.ring();
    },

    state: () => this.#state(),

    bury: (letter) => this.#kept.bury(letter.id, encodeLetter(letter)),

    letters: ({ after, limit }: SpoolRange): StoredLetter[] =>
      this.#kept.letters(after, limit).map(([id, value]) => decodeLetter(id, value)),

    removeLetters: (ids) => this.#kept.removeLetters(ids),

    leftovers: (recordType, { after, limit }) => this.#kept.readLeftovers(recordType, after, limit),

    removeLeftovers: (recordType) => this.#kept.removeLeftovers(recordType),

    close: async () => {
      this.#closing = true;
      this.#bell.ring();
      await this.#loop;
      this.#end();
    },
  };

  constructor(argument: SpoolArgument, { clock, report, end }: Surroundings) {
    this.#argument = argument;
    this.#clock = clock;
    this.#report = report;
    this.#bell = new JournalBell(argument.bell);
    this.#end = end;
  }

  get #isClosing(): boolean {
    return this.#closing || this.#bell.isClosing;
  }

  get #kept(): SpoolKeeper {
    if (this.#keeper === undefined) throw new Error('the spool is not open');
    return this.#keeper;
  }

  async #work(keeper: SpoolKeeper): Promise<void> {
    while (!this.#isClosing) {
      const { more, wrote } = this.#turn(keeper);
      // What is asked of this thread has its turn too.
      if (more) await new Promise<void>((resolve) => void this.#clock.setTimer(0, resolve));
      else await this.#rest(keeper, wrote);
    }
    await this.#close(keeper);
  }

  #rest(keeper: SpoolKeeper, wrote: boolean): Promise<void> {
    const watch = { clock: this.#clock, recheckMs: RECHECK_MS };
    const isClosing = (): boolean => this.#isClosing;
    if (this.#retryAt !== undefined) {
      return this.#bell.rest('dozing', { watch, limitMs: RETRY_MS, isDue: isClosing });
    }
    if (wrote) {
      const isDue = (): boolean => this.#isClosing || keeper.isCommitAwaited;
      return this.#bell.rest('dozing', { watch, limitMs: TURN_MS, isDue });
    }
    const limitMs = keeper.isIdle ? undefined : IDLE_TURN_MS;
    return this.#bell.rest('asleep', { watch, limitMs, isDue: () => this.#isClosing || keeper.hasNews });
  }

  #turn(keeper: SpoolKeeper): Turn {
    const now = this.#clock.now();
    const writes = this.#retryAt === undefined || now >= this.#retryAt || this.#isClosing;
    const turn = keeper.turn({ writes });
    if (turn.wrote) {
      this.#commits++;
      this.#lastCommitAt = this.#clock.wallTime();
    }
    if (turn.error !== undefined) {
      this.#retryAt = now + RETRY_MS;
      if (this.#error === null) this.#report({ type: 'failing', message: turn.error.message });
      this.#error = turn.error.message;
    } else if (writes) {
      this.#retryAt = undefined;
      if (this.#error !== null) this.#report({ type: 'writing_again' });
      this.#error = null;
    }
    if (turn.damaged.length > 0) {
      const events = turn.damaged.reduce((sum, key) => sum + key.events, 0);
      this.#report({ type: 'damaged', entries: turn.damaged.length, events });
    }
    return turn;
  }

  /** The last word goes to the disk; then the memory is the readers' own again. */
  async #close(keeper: SpoolKeeper): Promise<void> {
    for (let more = true; more; ) more = this.#turn(keeper).more && this.#error === null;
    this.#bell.isKept = false;
    await this.#open?.close();
    this.#open = undefined;
    this.#keeper = undefined;
    this.#bell.isStoreOpen = false;
  }

  #state(): SpoolState {
    return {
      ...this.#kept.counts,
      commits: this.#commits,
      lastCommitAt: this.#lastCommitAt,
      error: this.#error,
      repaired: this.#open?.repaired ?? null,
    };
  }
}

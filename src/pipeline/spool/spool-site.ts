/**
 * The spool on the main thread: owns its thread, of which there is one at a time, and what the rest of the application
 * asks of it. It belongs to the application and not to a process, so that the thread goes on when a process dies; it is
 * never terminated, it is asked to end.
 */
import { Ending } from '../../base/ending.ts';
import type { ControlApi } from '../../threads/control-lane.ts';
import { entry } from '../../threads/entries.ts';
import { JournalBell, type JournalHandle } from '../../threads/queue/index.ts';
import { roleUrl } from '../../threads/spawn.ts';
import { Thread } from '../../threads/thread.ts';
import type { Engine } from '../engine.ts';
import { BeamlineError } from '../errors.ts';
import type { SpoolOptions } from '../options/options-table.ts';
import type { RecordType } from '../site/record-type.ts';
import type { Logger } from '../telemetry/logger.ts';
import { publish } from '../telemetry/telemetry.ts';
import type {
  SpoolArgument,
  SpoolControl,
  SpoolEvent,
  SpoolMainControl,
  SpoolOrder,
  SpoolState,
  StoredLetter,
} from './protocol.ts';

/** What its thread is for. */
const SPOOL_ROLE = entry('spool-thread.js', () => new URL('./spool-thread.js', import.meta.url));
/** A thread is not ended for being slow: it may be inside of the store. */
const NEVER_MS = 2 ** 31 - 1;
/** How long the end of the process waits for the store to be closed. */
const CLOSE_TIMEOUT_MS = 10_000;

export class SpoolSite {
  readonly options: SpoolOptions;
  /** For the queues: that a journal is kept of them. */
  readonly journal: JournalHandle;
  readonly #bell: JournalBell;
  readonly #logger: Logger;
  readonly #attached = new Map<string, RecordType>();
  #thread: Thread<SpoolControl> | undefined;
  #opening: Promise<void> | undefined;
  /** The store is open in the thread. */
  #ending: Ending | undefined;
  #isOpen = false;
  #run: number | undefined;
  #closed = false;

  constructor(options: SpoolOptions, journal: JournalHandle, logger: Logger) {
    this.options = options;
    this.journal = journal;
    this.#bell = new JournalBell(journal);
    this.#logger = logger;
  }

  /** Starts the thread and opens the store, or finds it open. Single-flight. */
  open(engine: Engine): Promise<void> {
    this.#opening ??= this.#open(engine).finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  /** That of the thread that runs now, or ran last; attended by the Spool process. */
  get ending(): Ending | undefined {
    return this.#ending;
  }

  get node(): number | null {
    return this.#thread?.node ?? null;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Keeps the journal of a type: now, and whenever the thread begins anew. */
  attach(type: RecordType): void {
    this.#attached.set(type.name, type);
    if (this.#isOpen) void this.#control.attach(type.name, type.queue, orderOf(type)).catch(() => {});
  }

  /** Nobody keeps a journal for now: memory that is settled is given back by the readers. */
  suspendJournal(): void {
    this.#bell.isKept = false;
  }

  async state(): Promise<SpoolState | undefined> {
    return this.#isOpen ? this.#control.state().catch(() => undefined) : undefined;
  }

  /** Resolves when the letter is on the disk. */
  async bury(letter: StoredLetter): Promise<void> {
    if (!this.#isOpen) throw new Error('the spool is not open');
    await this.#control.bury(letter);
  }

  /** What can be asked of the store while it is open. */
  get control(): Pick<
    Thread<SpoolControl>['control'],
    'letters' | 'removeLetters' | 'leftovers' | 'removeLeftovers'
  > {
    return this.#control;
  }

  /** Commits what is left, closes the store, and lets the thread end. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#opening?.catch(() => {});
    const thread = this.#thread;
    if (thread === undefined || thread.state === 'ended') return;
    await thread.control.close().catch(() => {});
    await thread.ended;
  }

  /** The process ends: blocks until the store is closed. */
  closeNow(): void {
    if (this.#thread === undefined || this.#thread.state === 'ended') return;
    if (this.#bell.closeAndBlock(CLOSE_TIMEOUT_MS)) return;
    this.#logger.error({ directory: this.options.directory }, 'the process ends before the spool is closed');
  }

  get #control(): Thread<SpoolControl>['control'] {
    const thread = this.#thread;
    if (thread === undefined) throw new Error('the spool is not open');
    return thread.control;
  }

  async #open(engine: Engine): Promise<void> {
    if (this.#isOpen) return;
    if (this.#closed) throw new BeamlineError('ERR_STOPPED', { recordType: 'spool', id: null });
    const { directory, host } = engine;
    const node = engine.nextNode();
    const argument: SpoolArgument = {
      ...this.options,
      bell: this.journal,
      confirmations: directory.confirmations,
      name: `${process.pid}-${directory.bootId}-${node}`,
      resumed: this.#run,
    };
    const control: SpoolMainControl = { report: (event) => this.#hear(event, engine.clock.wallTime()) };
    const thread = new Thread<SpoolControl>(host, {
      node,
      name: 'beamline spool',
      role: roleUrl(host.entries, SPOOL_ROLE),
      argument,
      control: control as unknown as ControlApi,
      startTimeoutMs: NEVER_MS,
      terminateTimeoutMs: NEVER_MS,
      onEnded: () => {
        this.#isOpen = false;
      },
    });
    this.#thread = thread;
    const ending = new Ending();
    this.#ending = ending;
    void thread.ended.then((error) => ending.arrive(error));
    await thread.ready;
    try {
      const { run, repaired } = await thread.control.open();
      this.#run = run;
      this.#isOpen = true;
      const at = engine.clock.wallTime();
      const { directory: path } = this.options;
      publish('spool', () => ({ type: 'opened', at, directory: path, repaired: repaired ?? null }));
      if (repaired !== undefined)
        this.#logger.error({ ...repaired }, 'the store of the spool was damaged, and a new one is begun');
    } catch (error) {
      await thread.control.close().catch(() => {});
      throw error;
    }
    for (const type of this.#attached.values())
      await thread.control.attach(type.name, type.queue, orderOf(type));
  }

  #hear(event: SpoolEvent, at: number): void {
    const { directory } = this.options;
    publish('spool', () => ({ at, directory, ...event }));
    if (event.type === 'failing')
      this.#logger.error(
        { directory, reason: event.message },
        'the spool cannot be written: events are in memory only',
      );
    else if (event.type === 'writing_again') this.#logger.warn({ directory }, 'the spool is written again');
    else
      this.#logger.error(
        { directory, ...event },
        'entries of the spool are damaged, and their events are lost',
      );
  }
}

function orderOf({ definition }: RecordType): SpoolOrder {
  return definition.partitionBy === undefined ? 'none' : 'by-key';
}

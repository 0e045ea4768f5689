/** Applications of the tests: one at a time, stopped after each test, with small queues and a log that is kept. */
import {
  Application,
  type ApplicationOptions,
  formatTree,
  type Logger,
  type MemoryDescriptor,
  memory,
  type Snapshot,
} from '../../../src/index.ts';
import type { ApplicationSurroundings } from '../../../src/pipeline/application.ts';
import { openAll } from './gates.ts';
import { Journal } from './journal.ts';

const MIB = 2 ** 20;

export interface LogEntry {
  readonly level: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** Keeps what is said. */
export class Log implements Logger {
  readonly entries: LogEntry[];
  readonly #bindings: LogEntry['fields'];
  readonly debug = this.#at('debug');
  readonly info = this.#at('info');
  readonly warn = this.#at('warn');
  readonly error = this.#at('error');

  /** A child writes into the same entries. */
  constructor(bindings: LogEntry['fields'] = {}, entries: LogEntry[] = []) {
    this.#bindings = bindings;
    this.entries = entries;
  }

  child(bindings: LogEntry['fields']): Logger {
    return new Log({ ...this.#bindings, ...bindings }, this.entries);
  }

  #at(level: string) {
    return (fields: Readonly<Record<string, unknown>>, message: string): void => {
      this.entries.push({ level, fields: { ...this.#bindings, ...fields }, message });
    };
  }
}

export interface Stage {
  /** Starts the application of this test. */
  start(options?: Partial<ApplicationOptions>, surroundings?: ApplicationSurroundings): Promise<Application>;
  readonly adapter: MemoryDescriptor;
  readonly journal: Journal;
  readonly log: Log;
}

/** To be called inside a `describe`: each of its tests has a stage of its own. */
export function stage(): Stage {
  let running: Application | undefined;
  let adapter: MemoryDescriptor;
  let journal: Journal;
  let log: Log;
  beforeEach(() => {
    adapter = memory();
    journal = new Journal();
    log = new Log();
    openAll();
  });
  afterEach(async () => {
    openAll();
    await running?.stop({ timeoutMs: 5000 });
    running = undefined;
    journal.close();
  });
  return {
    async start(options = {}, surroundings = {}) {
      const small = { queueBytes: 2 * MIB, parkedBytes: 2 * MIB, flushIntervalMs: 20 };
      running = await Application.start({ adapter, logger: log, ...small, ...options }, surroundings);
      return running;
    },
    get adapter() {
      return adapter;
    },
    get journal() {
      return journal;
    },
    get log() {
      return log;
    },
  };
}

/** The JSON bodies of what is in a stream. */
export function bodies<Body = { readonly n: number }>(adapter: MemoryDescriptor, stream: string): Body[] {
  return adapter.messages(stream).map(({ data }) => JSON.parse(data.toString()) as Body);
}

export function numbers(adapter: MemoryDescriptor, stream: string): number[] {
  return bodies(adapter, stream).map(({ n }) => n);
}

/** Sooner than a test's own limit: a look that goes on after its test keeps the whole run from ending. */
const LOOK_MAX_MS = 45_000;

/** The first snapshot that is as it should be. Looks again until there is one, and at last shows the one that is not. */
export async function snapshotWith(
  app: Application,
  holds: (snapshot: Snapshot) => boolean,
): Promise<Snapshot> {
  const until = performance.now() + LOOK_MAX_MS;
  for (;;) {
    const snapshot = await app.inspect();
    if (holds(snapshot)) return snapshot;
    if (performance.now() > until)
      throw new Error(`no such snapshot within ${LOOK_MAX_MS} ms; the last one:\n${formatTree(snapshot)}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** What a promise rejects with; fails when it does not. */
export async function rejection(promise: Promise<unknown>): Promise<Error & { readonly code?: string }> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('it did not reject');
}

/** What a function throws; fails when it does not. */
export function thrown(call: () => unknown): Error & { readonly code?: string } {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  throw new Error('it did not throw');
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

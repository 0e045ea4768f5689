/**
 * How the threads of one application find its queues. The main thread owns the directory; any other thread joins it
 * by its handle, which is plain data, and records from then on without asking anybody.
 *
 *     main thread                                   another thread
 *     createDirectory --- handle (posted) --------> joinDirectory
 *     announce(type)  --- BroadcastChannel -------> read synchronously, when record() meets a type it does not know
 *     close()         --- "stopped" --------------> those who wait for their events are told
 *
 *     words:  0 number of the next writer      then, for each recording thread, a row:
 *             owner: 0 nobody, -1 the application, else 1 + the number of the thread      taken by compare-and-swap
 *             writer: the number of its writer                                           written by the owner
 *
 * A row is a thread that records, and its number is the seat of its table of confirmations, as far as there are seats.
 * When the thread ends, what it was filling is sealed for it and its row is free: the thread sees to that itself if it
 * ends by itself, and the main thread if it is terminated.
 */
import type { BroadcastChannel, MessagePort, Worker } from 'node:worker_threads';
import type { Clock } from '../base/clock.ts';
import { Hold } from './hold.ts';
import {
  type ConfirmationsHandle,
  ConfirmationTable,
  createConfirmations,
  type QueueHandle,
  QueueWriter,
  RECHECK_MS,
  RecordingThread,
  sealSegmentsOf,
  TappedWriter,
} from './queue/recording.ts';
import { workerThreads } from './worker-threads.ts';

/** Plain data: can be posted to any thread of the process. */
export interface DirectoryHandle {
  readonly bootId: string;
  readonly words: SharedArrayBuffer;
  readonly confirmations: ConfirmationsHandle;
  /** The types that were defined when the handle was made. */
  readonly queues: readonly (readonly [name: string, queue: QueueHandle])[];
}

/** Which recording thread of the application a thread is. */
export interface RecorderIdentity {
  /** Part of the ids of its events; never used again. */
  readonly writer: number;
  /** Undefined when all are taken: nobody will seal what such a thread was filling when it ends. */
  readonly row: number | undefined;
}

/** Under this name each thread that is started while an application runs finds the handle of its directory. */
const INHERITED = 'beamline:directory';

/** The handle that this thread was started with; undefined when no application ran then. */
export function inheritedHandle(): DirectoryHandle | undefined {
  const { isMainThread, getEnvironmentData } = workerThreads();
  return isMainThread ? undefined : (getEnvironmentData(INHERITED) as unknown as DirectoryHandle | undefined);
}

const NEXT_WRITER = 0;
const ROWS = 1024;
const FREE = 0;
const APPLICATION = -1;

type Announcement =
  | { readonly type: 'defined'; readonly name: string; readonly queue: QueueHandle }
  /** A thread has joined with an older list. */
  | { readonly type: 'joined'; readonly known: number }
  | { readonly type: 'stopped' }
  /** A thread has something to say of a type. */
  | { readonly type: 'noted'; readonly name: string; readonly note: unknown };

/** The rows of the recording threads. */
class Rows {
  readonly #words: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
  }

  static create(): SharedArrayBuffer {
    return new SharedArrayBuffer((1 + 2 * ROWS) * Int32Array.BYTES_PER_ELEMENT);
  }

  take(owner: number): RecorderIdentity {
    const writer = Atomics.add(this.#words, NEXT_WRITER, 1);
    for (let row = 0; row < ROWS; row++) {
      if (Atomics.compareExchange(this.#words, 1 + 2 * row, FREE, owner) !== FREE) continue;
      Atomics.store(this.#words, 2 + 2 * row, writer);
      return { writer, row };
    }
    return { writer, row: undefined };
  }

  give({ row }: RecorderIdentity): void {
    if (row !== undefined) Atomics.store(this.#words, 1 + 2 * row, FREE);
  }

  *ownedBy(owner: number): Iterable<RecorderIdentity> {
    for (let row = 0; row < ROWS; row++) {
      if (Atomics.load(this.#words, 1 + 2 * row) === owner)
        yield { writer: Atomics.load(this.#words, 2 + 2 * row), row };
    }
  }
}

function ownerOf(thread: number): number {
  return thread + 1;
}

/** Hears of an accepted event of a type. */
export type RecordTap = (name: string, event: unknown) => void;

/** The recording side of one thread: a writer for each queue. */
export class Recorder {
  readonly thread: RecordingThread;
  /** For those who wait for their events. */
  readonly hold = new Hold();
  /** Tells the main thread something of a type: plain data, and seldom. */
  readonly note: (name: string, note: unknown) => void;
  readonly #find: (name: string) => QueueHandle | undefined;
  readonly #writers = new Map<string, QueueWriter>();
  readonly #tap: RecordTap | undefined;

  constructor(
    confirmations: ConfirmationsHandle,
    { writer, row }: RecorderIdentity,
    clock: Clock,
    find: (name: string) => QueueHandle | undefined,
    note: (name: string, note: unknown) => void,
    tap?: RecordTap,
  ) {
    this.#find = find;
    this.note = note;
    this.#tap = tap;
    this.thread = new RecordingThread({
      writer,
      clock,
      ...(row === undefined || row >= confirmations.seats
        ? {}
        : { confirmations: new ConfirmationTable(confirmations, row, { clock, recheckMs: RECHECK_MS }) }),
    });
  }

  /** The writer for a type; undefined when no such type is defined. */
  writer(name: string): QueueWriter | undefined {
    const known = this.#writers.get(name);
    if (known !== undefined) return known;
    const queue = this.#find(name);
    if (queue === undefined) return undefined;
    const tap = this.#tap;
    const writer =
      tap === undefined
        ? new QueueWriter(queue, this.thread)
        : new TappedWriter(queue, this.thread, (event) => tap(name, event));
    this.#writers.set(name, writer);
    return writer;
  }
}

/** The directory on the main thread. */
export class Directory {
  readonly bootId: string;
  readonly confirmations: ConfirmationsHandle = createConfirmations();
  readonly #words = Rows.create();
  readonly #rows = new Rows(this.#words);
  readonly #queues = new Map<string, QueueHandle>();
  readonly #channel: BroadcastChannel;
  readonly #noted: (name: string, note: unknown) => void;
  #open = true;

  /** `noted` hears what the recording threads say of a type. */
  constructor(bootId: string, noted: (name: string, note: unknown) => void) {
    this.bootId = bootId;
    this.#noted = noted;
    const { BroadcastChannel } = workerThreads();
    this.#channel = new BroadcastChannel(channelName(bootId));
    this.#channel.onmessage = (event) => this.#hear((event as { readonly data: Announcement }).data);
    this.#channel.unref();
    process.on('worker', this.#watch);
    this.#bequeath(this.handle);
  }

  get handle(): DirectoryHandle {
    return {
      bootId: this.bootId,
      words: this.#words,
      confirmations: this.confirmations,
      queues: [...this.#queues],
    };
  }

  /** `tap` is told each event that is accepted on this thread. */
  recorder(clock: Clock, tap?: RecordTap): Recorder {
    const find = (name: string) => this.#queues.get(name);
    return new Recorder(this.confirmations, this.identify(), clock, find, this.#noted, tap);
  }

  /** An identity for a thread that the application starts itself. */
  identify(): RecorderIdentity {
    return this.#rows.take(APPLICATION);
  }

  /** That thread has ended: what it was filling is sealed for it, and its row is free. */
  retire(identity: RecorderIdentity): void {
    for (const queue of this.#queues.values()) sealSegmentsOf(queue, identity.writer);
    this.#rows.give(identity);
  }

  announce(name: string, queue: QueueHandle): void {
    this.#queues.set(name, queue);
    if (this.#open) this.#bequeath(this.handle);
    if (this.#open) this.#channel.postMessage({ type: 'defined', name, queue } satisfies Announcement);
  }

  /** The application has stopped. */
  close(): void {
    this.#open = false;
    this.#bequeath(undefined);
    process.off('worker', this.#watch);
    this.#channel.postMessage({ type: 'stopped' } satisfies Announcement);
    this.#channel.close();
  }

  /** A thread of the user's: if it joins, nothing but its end tells that it was terminated. */
  readonly #watch = (worker: Worker): void => {
    // Not there any more when it has ended.
    const { threadId } = worker;
    worker.once('exit', () => {
      for (const identity of this.#rows.ownedBy(ownerOf(threadId))) this.retire(identity);
    });
  };

  /** To the threads that are started from now on, by whomever: a pool's too. */
  #bequeath(handle: DirectoryHandle | undefined): void {
    workerThreads().setEnvironmentData(INHERITED, handle as never);
  }

  #hear(announcement: Announcement): void {
    if (announcement.type === 'noted') this.#noted(announcement.name, announcement.note);
    if (announcement.type !== 'joined' || announcement.known >= this.#queues.size) return;
    for (const [name, queue] of this.#queues) {
      this.#channel.postMessage({ type: 'defined', name, queue } satisfies Announcement);
    }
  }
}

export interface Joined {
  readonly recorder: Recorder;
  readonly names: () => string[];
  /** Records nothing more: what this thread was filling is sealed, and who waits for its events is told. */
  leave(): void;
}

/** Joins a directory from another thread; one that the application did not start takes an identity by itself. */
export function joinDirectory(handle: DirectoryHandle, clock: Clock, given?: RecorderIdentity): Joined {
  const { BroadcastChannel, receiveMessageOnPort, threadId } = workerThreads();
  const queues = new Map(handle.queues);
  const rows = new Rows(handle.words);
  const identity = given ?? rows.take(ownerOf(threadId));
  const channel = new BroadcastChannel(channelName(handle.bootId));
  const find = (name: string): QueueHandle | undefined => {
    if (queues.has(name)) return queues.get(name);
    // The types of Node leave out that this takes a channel too.
    const port = channel as unknown as MessagePort;
    for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
      hear(next.message as Announcement);
    }
    return queues.get(name);
  };
  const note = (name: string, note: unknown): void =>
    channel.postMessage({ type: 'noted', name, note } satisfies Announcement);
  const recorder = new Recorder(handle.confirmations, identity, clock, find, note);
  const hear = (announcement: Announcement): void => {
    if (announcement.type === 'defined') queues.set(announcement.name, announcement.queue);
    else if (announcement.type === 'stopped') recorder.thread.confirmations?.cancelAll();
  };
  const seal = (): void => {
    for (const queue of queues.values()) sealSegmentsOf(queue, identity.writer);
    rows.give(identity);
  };
  channel.onmessage = (event) => hear((event as { readonly data: Announcement }).data);
  // Who joins is not held open by it.
  channel.unref();
  channel.postMessage({ type: 'joined', known: queues.size } satisfies Announcement);
  if (given === undefined) process.on('exit', seal);
  return {
    recorder,
    names: () => [...queues.keys()],
    leave() {
      process.off('exit', seal);
      channel.close();
      recorder.thread.confirmations?.cancelAll();
      seal();
    },
  };
}

function channelName(bootId: string): string {
  return `beamline-${bootId}`;
}

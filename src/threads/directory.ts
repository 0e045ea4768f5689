/**
 * How the threads of one application find its queues. The main thread owns the directory; any other thread joins it
 * by its handle, which is plain data, and records from then on without asking anybody.
 *
 *     main thread                                   another thread
 *     createDirectory --- handle (posted) --------> joinDirectory
 *     announce(type)  --- BroadcastChannel -------> read synchronously, when record() meets a type it does not know
 *
 *     words:  0 number of the next writer      1 seat of the next confirmation table
 */
import { BroadcastChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { Clock } from '../base/clock.ts';
import {
  type ConfirmationsHandle,
  ConfirmationTable,
  createConfirmations,
  type QueueHandle,
  QueueWriter,
  RECHECK_MS,
  RecordingThread,
  sealSegmentsOf,
} from './queue/index.ts';

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
  /** Its table of confirmations; undefined when there is none left, and it cannot wait for any. */
  readonly seat: number | undefined;
}

const NEXT_WRITER = 0;
const NEXT_SEAT = 1;

type Announcement =
  | { readonly type: 'defined'; readonly name: string; readonly queue: QueueHandle }
  /** A thread has joined with an older list. */
  | { readonly type: 'joined'; readonly known: number };

/** The recording side of one thread: a writer for each queue. */
export class Recorder {
  readonly thread: RecordingThread;
  readonly #find: (name: string) => QueueHandle | undefined;
  readonly #writers = new Map<string, QueueWriter>();

  constructor(
    confirmations: ConfirmationsHandle,
    { writer, seat }: RecorderIdentity,
    clock: Clock,
    find: (name: string) => QueueHandle | undefined,
  ) {
    this.#find = find;
    this.thread = new RecordingThread({
      writer,
      clock,
      ...(seat === undefined
        ? {}
        : { confirmations: new ConfirmationTable(confirmations, seat, { clock, recheckMs: RECHECK_MS }) }),
    });
  }

  /** The writer for a type; undefined when no such type is defined. */
  writer(name: string): QueueWriter | undefined {
    const known = this.#writers.get(name);
    if (known !== undefined) return known;
    const queue = this.#find(name);
    if (queue === undefined) return undefined;
    const writer = new QueueWriter(queue, this.thread);
    this.#writers.set(name, writer);
    return writer;
  }
}

/** The directory on the main thread. */
export class Directory {
  readonly bootId: string;
  readonly confirmations: ConfirmationsHandle = createConfirmations();
  readonly #words = new SharedArrayBuffer(8);
  readonly #queues = new Map<string, QueueHandle>();
  readonly #channel: BroadcastChannel;
  readonly #freeSeats: number[] = [];
  #open = true;

  constructor(bootId: string) {
    this.bootId = bootId;
    this.#channel = new BroadcastChannel(channelName(bootId));
    this.#channel.onmessage = (event) => this.#hear((event as { readonly data: Announcement }).data);
    this.#channel.unref();
  }

  get handle(): DirectoryHandle {
    return {
      bootId: this.bootId,
      words: this.#words,
      confirmations: this.confirmations,
      queues: [...this.#queues],
    };
  }

  recorder(clock: Clock): Recorder {
    return new Recorder(this.confirmations, this.identify(), clock, (name) => this.#queues.get(name));
  }

  /** An identity for a thread that the application starts itself. */
  identify(): RecorderIdentity {
    const words = new Int32Array(this.#words);
    const seat = this.#freeSeats.pop() ?? Atomics.add(words, NEXT_SEAT, 1);
    return {
      writer: Atomics.add(words, NEXT_WRITER, 1),
      seat: seat < this.confirmations.seats ? seat : undefined,
    };
  }

  /** That thread has ended: what it was filling is sealed for it, and its seat is free. */
  retire({ writer, seat }: RecorderIdentity): void {
    for (const queue of this.#queues.values()) sealSegmentsOf(queue, writer);
    if (seat !== undefined) this.#freeSeats.push(seat);
  }

  announce(name: string, queue: QueueHandle): void {
    this.#queues.set(name, queue);
    if (this.#open) this.#channel.postMessage({ type: 'defined', name, queue } satisfies Announcement);
  }

  close(): void {
    this.#open = false;
    this.#channel.close();
  }

  #hear(announcement: Announcement): void {
    if (announcement.type !== 'joined' || announcement.known >= this.#queues.size) return;
    for (const [name, queue] of this.#queues) {
      this.#channel.postMessage({ type: 'defined', name, queue } satisfies Announcement);
    }
  }
}

/** Joins a directory from another thread; one that the application did not start takes an identity by itself. */
export function joinDirectory(
  handle: DirectoryHandle,
  clock: Clock,
  identity: RecorderIdentity = takeIdentity(handle),
): { readonly recorder: Recorder; readonly names: () => string[] } {
  const queues = new Map(handle.queues);
  const channel = new BroadcastChannel(channelName(handle.bootId));
  const hear = (announcement: Announcement): void => {
    if (announcement.type === 'defined') queues.set(announcement.name, announcement.queue);
  };
  channel.onmessage = (event) => hear((event as { readonly data: Announcement }).data);
  // Who joins is not held open by it.
  channel.unref();
  channel.postMessage({ type: 'joined', known: queues.size } satisfies Announcement);
  const find = (name: string): QueueHandle | undefined => {
    if (queues.has(name)) return queues.get(name);
    // The types of Node leave out that this takes a channel too.
    const port = channel as unknown as MessagePort;
    for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
      hear(next.message as Announcement);
    }
    return queues.get(name);
  };
  const recorder = new Recorder(handle.confirmations, identity, clock, find);
  return { recorder, names: () => [...queues.keys()] };
}

function takeIdentity(handle: DirectoryHandle): RecorderIdentity {
  const words = new Int32Array(handle.words);
  const writer = Atomics.add(words, NEXT_WRITER, 1);
  const seat = Atomics.add(words, NEXT_SEAT, 1);
  return { writer, seat: seat < handle.confirmations.seats ? seat : undefined };
}

function channelName(bootId: string): string {
  return `beamline-${bootId}`;
}

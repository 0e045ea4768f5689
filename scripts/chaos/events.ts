/**
 * The record types of the chaos run: two with a handler, one that forwards. Each event says where it comes from and which
 * of its kind it is, so that the judge can tell what is missing from what was never there; and some are poison.
 */
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';
import { Message, Records } from '../../src/index.ts';

export interface ChaosEvent {
  /** `<writer>-<number>`: unique in the run, and known to the judge beforehand. */
  readonly key: string;
  /** The partition key: many events have one in common. */
  readonly user: string | number;
  readonly text: string;
  /** What can only be decoded, and not written as it lies in the queue. */
  readonly tags?: unknown;
  readonly poison?: Poison;
}

/**
 * Why an event cannot be sent. What a handler does when it meets the event: it fails, or ends its thread, every time. And
 * what an event that is forwarded has: no partition key, or a number that JSON cannot hold.
 */
export type Poison = 'throw' | 'exit' | 'keyless' | 'bigint';

export const HANDLED = ['ChaosA', 'ChaosB'] as const;
export type HandledType = (typeof HANDLED)[number];
export const FORWARDED = 'ChaosForwarded';
const TYPES = [...HANDLED, FORWARDED] as const;
export type ChaosType = (typeof TYPES)[number];
export const STREAMS: Readonly<Record<ChaosType, string>> = {
  ChaosA: 'chaos-a',
  ChaosB: 'chaos-b',
  [FORWARDED]: 'chaos-forwarded',
};
/** So many users: with a thousand events a second each is met again. */
const USERS = 701;
/** One of so many forwarded events can only be decoded, and with it its batch. */
const DECODED_EVERY = 499;
/** How long a handler may block its thread. */
const HANG_TIMEOUT_MS = 2000;
/** Of the thread's heap: a handler that has to reaches it within a second. */
const HEAP_MB = 128;

/** What a handler is told to do: block its thread, or exhaust the memory of it. */
export type Order = 'hang' | 'memory';
const ORDERS: readonly Order[] = ['hang', 'memory'];
const KEY = 'beamline chaos: orders';

/**
 * Words that the executioner and the handlers share: for each type and order, whether it is to be done, and how often
 * it was begun.
 */
export class Orders {
  readonly #words: Int32Array;

  /** For the threads that are started afterwards. */
  static make(): Orders {
    const words = new SharedArrayBuffer(2 * HANDLED.length * ORDERS.length * Int32Array.BYTES_PER_ELEMENT);
    setEnvironmentData(KEY, words);
    return new Orders(words);
  }

  /** Undefined where nobody gives any. */
  static find(): Orders | undefined {
    const words = getEnvironmentData(KEY);
    return words instanceof SharedArrayBuffer ? new Orders(words) : undefined;
  }

  private constructor(words: SharedArrayBuffer) {
    this.#words = new Int32Array(words);
  }

  give(type: HandledType, order: Order): void {
    Atomics.store(this.#words, at(type, order), 1);
  }

  /** Nothing more is to be done. */
  withdraw(): void {
    for (const type of HANDLED) for (const order of ORDERS) Atomics.store(this.#words, at(type, order), 0);
  }

  /** True: it is to be done now, by whoever asked. */
  take(type: HandledType, order: Order): boolean {
    if (Atomics.exchange(this.#words, at(type, order), 0) === 0) return false;
    Atomics.add(this.#words, at(type, order) + 1, 1);
    return true;
  }

  /** How often it was begun since this was asked last. */
  begun(type: HandledType, order: Order): number {
    return Atomics.exchange(this.#words, at(type, order) + 1, 0);
  }
}

function at(type: HandledType, order: Order): number {
  return 2 * (HANDLED.indexOf(type) * ORDERS.length + ORDERS.indexOf(order));
}

/** Which type the event of a writer is recorded into. */
export function typeOf(number: number): ChaosType {
  return TYPES[number % TYPES.length] as ChaosType;
}

/** The first of a type from a number on. */
export function numberFrom(number: number, type: ChaosType): number {
  return number + ((TYPES.indexOf(type) - (number % TYPES.length) + TYPES.length) % TYPES.length);
}

/** A writer's event: whoever knows its number knows all of it. */
export function eventOf(writer: number, number: number, poison?: Poison): ChaosEvent {
  const isDecoded = typeOf(number) === FORWARDED && Math.floor(number / TYPES.length) % DECODED_EVERY === 0;
  const event: ChaosEvent = {
    key: `${writer}-${number}`,
    user: number % 2 === 0 ? `user-${number % USERS}` : number % USERS,
    text: 'é'.repeat(number % 50),
    ...(isDecoded ? { tags: new Map([[number, 'tag']]) } : {}),
    ...(poison === undefined ? {} : { poison }),
  };
  if (poison === 'bigint') return { ...event, tags: 1n };
  if (poison !== 'keyless') return event;
  const { user: _, ...others } = event;
  return others as ChaosEvent;
}

const COMMON = {
  url: import.meta.url,
  flushIntervalMs: 50,
  batchSize: 200,
  maxAttempts: 3,
  hangTimeoutMs: HANG_TIMEOUT_MS,
  // A thread that was killed is back at once, to be killed again.
  stableMs: 0,
  resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  backoff: { initialMs: 20, maxMs: 500 },
} as const;

function define(name: HandledType) {
  return Records.define<ChaosEvent>({
    ...COMMON,
    name,
    async handleEvent(events, { sendData, attempt }) {
      // What ends a thread is charged to a batch that was alone in it: of those that are no poison, once at most.
      if (attempt === 1) await obey(name);
      for (const { data } of events) {
        if (data.poison === 'throw') throw new Error(`poison ${data.key}`);
        if (data.poison === 'exit') process.exit(13);
      }
      await sendData(
        STREAMS[name],
        events.map(({ id, data }) => new Message(data.user, { id, ...data })),
      );
    },
  });
}

async function obey(name: HandledType): Promise<void> {
  const orders = Orders.find();
  if (orders?.take(name, 'hang')) for (;;);
  if (orders?.take(name, 'memory')) {
    // Bit by bit, with turns of the loop in between: one huge allocation could end the process.
    for (const kept: object[] = []; ; await new Promise(setImmediate))
      for (let i = 0; i < 2000; i++) kept.push({ i, text: `kept ${i} ${kept.length}` });
  }
}

const ChaosA = define('ChaosA');
const ChaosB = define('ChaosB');
const ChaosForwarded = Records.define<ChaosEvent>({
  ...COMMON,
  name: FORWARDED,
  forwardTo: { stream: STREAMS[FORWARDED], partitionKey: 'user', idField: 'id' },
});

export const RECORDS = { ChaosA, ChaosB, [FORWARDED]: ChaosForwarded } as const;

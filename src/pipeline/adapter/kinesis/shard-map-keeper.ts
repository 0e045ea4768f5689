/**
 * Keeps one stream's shard map: reads it when the stream is first sent to, and again when an answer shows that the
 * shards have changed. One reading at a time, and not more than one a second.
 *
 * It may be without a map for good: without the permission, or on a stream that pays no attention to keys, which is
 * found out by asking or by answers that keep naming other shards than the newest map does.
 */
import { Cancellation } from '../../../base/cancellation.ts';
import type { Timer } from '../../../base/clock.ts';
import type { AdapterContext } from '../adapter.ts';
import { withDeadline } from './deadline.ts';
import { failureOf } from './failure.ts';
import { ShardMap } from './shard-map.ts';
import type {
  ListShardsResponse,
  ShardDescription,
  StreamSummary,
  StreamTarget,
  Transport,
} from './transport.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const INTERVAL_MS = 1_000;
/** Pages of up to 1,000 shards; a stream cannot have more. */
const PAGES_MAX = 100;
/** So many readings in a row that changed nothing, while answers named other shards. */
const DISTRUSTED_AFTER = 3;

export interface KeeperParts {
  readonly stream: string;
  readonly target: StreamTarget;
  readonly transport: Transport;
  readonly context: AdapterContext;
  readonly enabled: boolean;
  readonly timeoutMs: number;
  /** Called after each reading, with `null` while there is no map. */
  readonly read: (found: Found) => void;
}

export interface Found {
  readonly map: ShardMap | null;
  /** What the keys of a record say about its shard: nothing on a stream that distributes records by itself. */
  readonly keys: 'decide' | 'ignored' | 'unknown';
}

type State = 'unread' | 'reading' | 'read' | 'without';

export class ShardMapKeeper {
  readonly #parts: KeeperParts;
  readonly #closed = new Cancellation();
  #state: State;
  #map: ShardMap | null = null;
  #nextAt = Number.NEGATIVE_INFINITY;
  #vain = 0;
  #keys: Found['keys'] = 'unknown';
  #timer: Timer | null = null;
  #waiting: ((map: ShardMap | null) => void)[] = [];
  #summary: StreamSummary | null = null;
  #described: Promise<void> | null = null;

  constructor(parts: KeeperParts) {
    this.#parts = parts;
    this.#state = parts.enabled ? 'unread' : 'without';
  }

  /** Reads the map if there is none yet and it is worth trying. */
  want(): void {
    if (this.#state === 'unread') this.#start();
  }

  /** An answer named another shard than the map does. */
  doubt(): void {
    if (this.#state === 'read') this.#start();
  }

  /** The map, after the reading that is under way or due, if there is one. */
  settled(): Promise<ShardMap | null> {
    if (this.#state !== 'reading' && this.#timer === null) return Promise.resolve(this.#map);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** The largest record that the stream takes; waits for the answer if it was never asked. */
  async maxRecordBytes(): Promise<number> {
    if (this.#parts.enabled) {
      this.#described ??= this.#describe();
      await this.#described;
    }
    return (this.#summary?.MaxRecordSizeInKiB ?? MIB / KIB) * KIB;
  }

  close(): void {
    this.#timer?.clear();
    this.#timer = null;
    this.#state = 'without';
    this.#tellWaiting();
    this.#closed.cancel(new Error('the adapter is closed'));
  }

  #start(): void {
    const { clock } = this.#parts.context;
    if (this.#closed.cancelled || this.#timer !== null) return;
    const delayMs = this.#nextAt - clock.now();
    if (delayMs <= 0) this.#begin();
    else this.#timer = clock.setTimer(delayMs, () => this.#begin());
  }

  #begin(): void {
    this.#timer = null;
    this.#state = 'reading';
    void this.#read();
  }

  #tellWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve(this.#map);
  }

  async #read(): Promise<void> {
    const { context, read } = this.#parts;
    const before = this.#map;
    try {
      this.#described ??= this.#describe();
      const [map] = await Promise.all([this.#list(), this.#described]);
      if (this.#closed.cancelled) return;
      const unchanged = map !== null && before?.equals(map) === true;
      this.#vain = unchanged ? this.#vain + 1 : 0;
      const ignoresKeys =
        this.#summary?.RecordDistributionStrategy === 'AUTO' || this.#vain >= DISTRUSTED_AFTER;
      this.#keys = ignoresKeys ? 'ignored' : 'decide';
      this.#map = ignoresKeys ? null : (map ?? before);
      this.#state = ignoresKeys ? 'without' : this.#map === null ? 'unread' : 'read';
    } catch (thrown) {
      if (this.#closed.cancelled) return;
      const failure = failureOf(thrown);
      // A bug in the reading of the map must not take the thread down with the records that can do without it.
      const denied =
        failure === 'bug' ||
        failure.verdict === 'invalid' ||
        /AccessDenied|NotAuth|Unknown/.test(failure.code);
      this.#state = denied ? 'without' : before === null ? 'unread' : 'read';
      if (denied) {
        this.#map = null;
        this.#keys = 'decide';
      }
      this.#tell(thrown, denied);
    }
    this.#nextAt = context.clock.now() + INTERVAL_MS;
    read({ map: this.#map, keys: this.#keys });
    this.#tellWaiting();
  }

  async #list(): Promise<ShardMap | null> {
    const { target, transport } = this.#parts;
    const shards: ShardDescription[] = [];
    let token: string | null = null;
    for (let page = 0; page < PAGES_MAX; page++) {
      const asked: string | null = token;
      const answer: ListShardsResponse = await this.#call((signal) =>
        transport.listShards(target, asked, signal),
      );
      shards.push(...(answer.Shards ?? []));
      // Some services say that there is no more by `null`.
      if (!answer.NextToken) break;
      token = answer.NextToken;
    }
    return ShardMap.of(shards);
  }

  /** Not being allowed to ask is an answer, too. */
  async #describe(): Promise<void> {
    const { target, transport } = this.#parts;
    try {
      this.#summary = await this.#call((signal) => transport.describeStream(target, signal));
    } catch {
      this.#described = null;
    }
  }

  #call<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return withDeadline(this.#parts.context.clock, this.#parts.timeoutMs, this.#closed, call);
  }

  #tell(thrown: unknown, denied: boolean): void {
    const { context, stream } = this.#parts;
    const { logger, recordType } = context;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    if (denied) {
      logger.info(
        { recordType, stream, err: thrown },
        `the shards of stream '${stream}' cannot be read (${message}); sending goes on without knowing them`,
      );
    } else {
      logger.debug({ recordType, stream, err: thrown }, `the shards of stream '${stream}' could not be read`);
    }
  }
}

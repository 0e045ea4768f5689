/**
 * One reader of the live feed, over server-sent events: `feed` entries, resumable by their id; and with `tree`, a whole
 * `snapshot` first and a `delta` a second after it. Bound: what the reader's connection does not take is not piled up:
 * deltas are left out until it has, and then it gets a whole snapshot again.
 */
import type { ServerResponse } from 'node:http';
import type { Clock, Timer } from '../base/clock.ts';
import { turnOfTheLoop } from '../base/turn.ts';
import type { Snapshot } from '../pipeline/view/snapshot-types.ts';
import { deltaOf } from './delta.ts';
import type { FeedEntry } from './feed.ts';
import { jsonPieces } from './json-text.ts';
import type { Sampler } from './sampler.ts';

/** So that proxies, and readers, know that the connection lives. */
const HEARTBEAT_MS = 15_000;

export interface StreamRequest {
  readonly lastEventId: string | undefined;
  /** `tree`: the tree too; `feed`: nothing but the feed. */
  readonly what: 'tree' | 'feed';
}

export class EventStream {
  readonly #response: ServerResponse;
  readonly #sampler: Sampler;
  readonly #clock: Clock;
  readonly #leave: readonly (() => void)[];
  #heartbeat: Timer;
  /** What the reader has. */
  #has: Snapshot | undefined;
  #closed = false;
  /** What came while a picture is written, piece by piece, over some turns of the event loop; looks are left out meanwhile. */
  #held: string[] | undefined;

  constructor(
    response: ServerResponse,
    sampler: Sampler,
    clock: Clock,
    { lastEventId, what }: StreamRequest,
  ) {
    this.#response = response;
    this.#sampler = sampler;
    this.#clock = clock;
    this.#heartbeat = this.#beat();
    const { entries, gap } = this.#sampler.feed.since(lastEventId);
    this.#write('retry: 1000\n\n');
    if (gap) this.#write('event: gap\ndata: {}\n\n');
    for (const entry of entries) this.#entry(entry);
    this.#leave = [
      this.#sampler.feed.listen((entry) => this.#entry(entry)),
      this.#sampler.watch((now) => {
        if (what === 'tree') void this.#tree(now);
      }),
    ];
    response.on('close', () => this.close());
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#heartbeat.clear();
    for (const leave of this.#leave) leave();
    this.#response.end();
  }

  #entry(entry: FeedEntry): void {
    this.#write(`id: ${entry.id}\nevent: feed\ndata: ${JSON.stringify(entry)}\n\n`);
  }

  async #tree(now: Snapshot): Promise<void> {
    if (this.#held !== undefined) return;
    if (this.#response.writableNeedDrain) {
      this.#has = undefined;
      return;
    }
    const [event, data] = this.#has === undefined ? ['snapshot', now] : ['delta', deltaOf(this.#has, now)];
    this.#has = now;
    const held: string[] = [];
    this.#held = held;
    await turnOfTheLoop();
    this.#put(`event: ${event}\ndata: `);
    for await (const piece of jsonPieces(data)) this.#put(piece);
    this.#put(`\n\n${held.join('')}`);
    this.#held = undefined;
  }

  #write(text: string): void {
    if (this.#held === undefined) this.#put(text);
    else this.#held.push(text);
  }

  #put(text: string): void {
    if (!this.#closed) this.#response.write(text);
  }

  #beat(): Timer {
    return this.#clock.setTimer(HEARTBEAT_MS, () => {
      this.#write(': still here\n\n');
      this.#heartbeat = this.#beat();
    });
  }
}

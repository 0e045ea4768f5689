/**
 * The page's connection: the event stream, which reconnects by itself and goes on where it was, and single requests.
 * Owns the model; tells one listener when something has changed, at most once a frame.
 */
import type { Snapshot } from '../../pipeline/view/snapshot-types.ts';
import type { SnapshotDelta } from '../delta.ts';
import type { FeedEntry } from '../feed.ts';
import { Model } from './model.ts';
import { after, everySecond, now } from './time.ts';

export type Liveness =
  | { readonly type: 'connecting' }
  | { readonly type: 'live' }
  /** What is shown is so old. */
  | { readonly type: 'stale'; readonly forMs: number };

export interface Capabilities {
  readonly allowActions: boolean;
  readonly showState: boolean;
}

export interface Failure {
  readonly code: string;
  readonly message: string;
}

export type Outcome =
  | { readonly type: 'ok'; readonly body: unknown }
  | { readonly type: 'failed'; readonly error: Failure };

/** A look comes each second; two that are missing are no chance. */
const STALE_MS = 3000;
/** A connection that has been silent for so long is given up: its other end may be gone without a word. */
const SILENT_MS = 6000;
/** Before the first, second ... attempt to connect again; the last one from then on. */
const AGAIN_MS = [200, 500, 1000];

export class Connection {
  readonly model = new Model();
  capabilities: Capabilities = { allowActions: false, showState: false };
  readonly #changed: () => void;
  #lastAt: number | undefined;
  #source: EventSource | undefined;
  #openedAt = 0;
  /** Attempts since something came. */
  #attempts = 0;
  /** Of the last entry of the feed: the next connection goes on after it. */
  #lastId: string | undefined;
  #frame: number | undefined;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get liveness(): Liveness {
    if (this.#lastAt === undefined) return { type: 'connecting' };
    const forMs = now() - this.#lastAt;
    return forMs > STALE_MS ? { type: 'stale', forMs } : { type: 'live' };
  }

  /** Opens the stream, and opens it again whenever it ends: sooner than a browser would by itself. */
  open(): void {
    this.#connect();
    void this.#learn();
  }

  #connect(): void {
    this.#source?.close();
    this.#openedAt = now();
    const query = new URLSearchParams({ what: 'tree' });
    if (this.#lastId !== undefined) query.set('after', this.#lastId);
    const source = new EventSource(`api/v1/events?${query}`);
    this.#source = source;
    source.addEventListener('snapshot', (event) => {
      this.model.setSnapshot(JSON.parse(event.data) as Snapshot);
      this.#heard();
    });
    source.addEventListener('delta', (event) => {
      this.model.applyDelta(JSON.parse(event.data) as SnapshotDelta);
      this.#heard();
    });
    source.addEventListener('feed', (event) => {
      const entry = JSON.parse(event.data) as FeedEntry;
      this.#lastId = entry.id;
      this.model.addFeed(entry);
      this.#tell();
    });
    source.addEventListener('gap', () => {
      this.model.gap = true;
    });
    source.addEventListener('error', () => {
      if (source !== this.#source) return;
      source.close();
      const delayMs = AGAIN_MS[Math.min(this.#attempts, AGAIN_MS.length - 1)] ?? 0;
      this.#attempts++;
      after(delayMs, () => {
        if (source === this.#source) this.#connect();
      });
    });
  }

  /** What is shown grows old though nothing comes. */
  watchAge(): () => void {
    return everySecond(() => {
      if (this.liveness.type === 'live') return;
      this.#tell();
      if (now() - Math.max(this.#openedAt, this.#lastAt ?? 0) > SILENT_MS) this.#connect();
    });
  }

  async get(path: string): Promise<Outcome> {
    return this.#ask(path, 'GET');
  }

  async post(path: string): Promise<Outcome> {
    return this.#ask(path, 'POST');
  }

  async #learn(): Promise<void> {
    const answer = await this.get('capabilities');
    if (answer.type !== 'ok') return;
    this.capabilities = answer.body as Capabilities;
    this.#tell();
  }

  async #ask(path: string, method: 'GET' | 'POST'): Promise<Outcome> {
    try {
      const response = await fetch(`api/v1/${path}`, { method });
      const body = (await response.json()) as { readonly error?: Failure };
      return body.error === undefined ? { type: 'ok', body } : { type: 'failed', error: body.error };
    } catch (error) {
      return { type: 'failed', error: { code: 'ERR_CONNECTION', message: (error as Error).message } };
    }
  }

  #heard(): void {
    if (this.#attempts > 0) void this.#learn();
    this.#attempts = 0;
    this.#lastAt = now();
    this.#tell();
  }

  #tell(): void {
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined;
      this.#changed();
    });
  }
}

/**
 * What a site tells the main thread, which publishes it: made only for the channels that somebody there listens to,
 * sent in batches on the site's own port, one batch under way at a time.
 *
 *     tell --> [ waiting, at most WAITING_MAX ] --every FLUSH_MS, when the last one was taken--> main.telemetry()
 *                    \--> full: counted, and the count is sent
 *
 * What waits when the thread dies is lost with it; a site that closes sends it.
 */
import type { Runtime } from '../../otp/runtime.ts';
import type { AdapterEvent } from '../adapter/adapter.ts';
import type { RemoteMain, SiteArgument } from '../site/site.ts';
import { type Messages, processObserver, type RelayedChannel, type RelayedSignal } from './telemetry.ts';

const FLUSH_MS = 100;
const WAITING_MAX = 2000;

export class SiteTelemetry {
  readonly #runtime: Runtime;
  readonly #main: Pick<RemoteMain, 'telemetry'>;
  readonly recordType: string;
  #wanted: ReadonlySet<RelayedChannel>;
  #waiting: RelayedSignal[] = [];
  #lost = 0;
  #due = false;
  #underway: Promise<void> | undefined;

  constructor(
    runtime: Runtime,
    { recordType, main: mainNode, telemetry }: Pick<SiteArgument, 'recordType' | 'main' | 'telemetry'>,
    main: Pick<RemoteMain, 'telemetry'>,
  ) {
    this.#runtime = runtime;
    this.#main = main;
    this.recordType = recordType;
    this.#wanted = new Set(telemetry);
    // Inline, the main thread's runtime tells of these by itself.
    if (runtime.node === mainNode) return;
    runtime.observers.add(processObserver((channel, make) => this.tell(channel, make)));
  }

  /** From now on these are told, and no others. */
  listen(wanted: readonly RelayedChannel[]): void {
    this.#wanted = new Set(wanted);
  }

  wants(channel: RelayedChannel): boolean {
    return this.#wanted.has(channel);
  }

  /** `make` is called only if somebody listens and there is room. */
  tell<Name extends RelayedChannel>(channel: Name, make: () => Messages[Name]): void {
    if (!this.#wanted.has(channel)) return;
    if (this.#waiting.length >= WAITING_MAX) this.#lost++;
    else this.#waiting.push({ channel, message: make() } as RelayedSignal);
    if (this.#due) return;
    this.#due = true;
    this.#runtime.clock.setTimer(FLUSH_MS, () => void this.flush());
  }

  /** What an adapter reports, as far as it is told on. */
  report(event: AdapterEvent): void {
    const { recordType } = this;
    const at = this.#runtime.clock.wallTime();
    switch (event.type) {
      case 'request': {
        const { stream, failed } = event;
        if (failed > 0)
          this.tell('retry', () => ({
            type: 'records',
            recordType,
            at,
            stream,
            records: failed,
            code: null,
          }));
        return;
      }
      case 'request-failed': {
        const { stream, records, code } = event;
        this.tell('retry', () => ({ type: 'records', recordType, at, stream, records, code }));
        return;
      }
      case 'throttled': {
        const { stream, records, shardId } = event;
        this.tell('throttle', () => ({ recordType, at, stream, records, shardId }));
        return;
      }
      case 'stream-state':
      case 'rejected':
        // Of a stream's state the tree tells; what is rejected fails its delivery.
        return;
    }
  }

  /** Resolves when all that was told before is on the main thread. */
  async flush(): Promise<void> {
    while (this.#underway !== undefined) await this.#underway;
    this.#due = false;
    if (this.#waiting.length === 0 && this.#lost === 0) return;
    const report = { signals: this.#waiting, lost: this.#lost };
    this.#waiting = [];
    this.#lost = 0;
    // The main thread outlives its sites: it takes this, or the process is over.
    this.#underway = this.#main
      .telemetry(report)
      .catch(() => {})
      .finally(() => {
        this.#underway = undefined;
      });
    await this.#underway;
  }
}

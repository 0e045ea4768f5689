/**
 * A producer on a virtual clock: an adapter as a record type's thread has it, fed as the pipeline feeds it. Events
 * come at an even rate, wait in a queue, and leave it in batches, of which so many may be under way.
 */
import type { Clock } from '../../src/base/clock.ts';
import { seededRandom } from '../../src/base/random.ts';
import type { WireMessage } from '../../src/pipeline/adapter/adapter.ts';
import { KinesisAdapter } from '../../src/pipeline/adapter/kinesis/kinesis-adapter.ts';
import { type KinesisOptions, kinesisSchema } from '../../src/pipeline/adapter/kinesis/options.ts';
import { parseOptions } from '../../src/pipeline/adapter/options.ts';
import type { SimulatedKinesis } from '../../src/testing/index.ts';

export interface ProducerOptions {
  readonly seed: number;
  /** Events a second, for so many milliseconds. */
  readonly rate: number;
  readonly forMs: number;
  /** The message of an event, by its number. */
  readonly message: (event: number) => WireMessage;
  readonly adapter?: KinesisOptions;
  /** Batches under way at a time. Default: 50, as the pipeline's `maxDemand`. */
  readonly demand?: number;
}

const BATCH_SIZE = 500;
const DEMAND_MAX = 50;
const TICK_MS = 20;

export class Producer {
  readonly adapter: KinesisAdapter;
  offered = 0;
  delivered = 0;
  /** Events that the adapter gave up. */
  rejected = 0;
  #sent = 0;
  #underWay = 0;
  readonly #options: ProducerOptions;
  readonly #clock: Clock;
  readonly #stream: string;
  readonly #startedAt: number;
  readonly #never = new AbortController().signal;

  constructor(kinesis: SimulatedKinesis, clock: Clock, stream: string, options: ProducerOptions) {
    const log = () => {};
    this.adapter = new KinesisAdapter(
      parseOptions('kinesis()', kinesisSchema, options.adapter ?? {}),
      kinesis.transport(),
      {
        recordType: `producer ${options.seed}`,
        clock,
        random: seededRandom(options.seed),
        logger: { debug: log, info: log, warn: log, error: log },
        functions: {},
        report: log,
      },
    );
    this.#options = options;
    this.#clock = clock;
    this.#stream = stream;
    this.#startedAt = clock.now();
    this.#tick();
  }

  /** All that was offered is in the stream, and nothing more will be. */
  get isDone(): boolean {
    return this.#clock.now() - this.#startedAt >= this.#options.forMs && this.delivered === this.offered;
  }

  /** Whether events wait that no batch has taken yet. */
  get hasBacklog(): boolean {
    return this.#sent < this.offered && this.#underWay === (this.#options.demand ?? DEMAND_MAX);
  }

  #tick(): void {
    const { rate, forMs } = this.#options;
    const elapsed = Math.min(forMs, this.#clock.now() - this.#startedAt);
    this.offered = Math.floor((elapsed / 1_000) * rate);
    this.#feed();
    if (elapsed < forMs) this.#clock.setTimer(TICK_MS, () => this.#tick());
  }

  #feed(): void {
    while (this.#underWay < (this.#options.demand ?? DEMAND_MAX) && this.#sent < this.offered) {
      const count = Math.min(BATCH_SIZE, this.offered - this.#sent);
      const first = this.#sent;
      const messages = Array.from({ length: count }, (_, i) => this.#options.message(first + i));
      this.#sent += count;
      this.#underWay++;
      void this.adapter
        .send(this.#stream, messages, { signal: this.#never })
        .catch(() => {
          this.rejected += count;
        })
        .then(() => {
          this.#underWay--;
          this.delivered += count;
          this.#feed();
        });
    }
  }
}

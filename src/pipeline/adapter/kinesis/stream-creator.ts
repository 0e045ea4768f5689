/**
 * Makes a stream that was found missing, when the options ask for it. One call at a time; the stream's probes
 * find out when it is ready, and ask again if it is still missing. A creation that fails leaves the stream
 * paused, and is told once for each reason.
 */
import { Cancellation } from '../../../base/cancellation.ts';
import type { AdapterContext } from '../adapter.ts';
import { withDeadline } from './deadline.ts';
import { failureOf } from './failure.ts';
import type { KinesisSettings } from './options.ts';
import type { NewStream, StreamTarget, Transport } from './transport.ts';

/** The code by which Kinesis says that there is no such stream. */
export const MISSING = 'ResourceNotFoundException';

/** `null` when the options do not ask for it, or the stream is known by its ARN and may be another account's. */
export function streamCreatorFor(
  target: StreamTarget,
  { createStreams, requestTimeoutMs }: KinesisSettings,
  transport: Transport,
  context: AdapterContext,
): StreamCreator | null {
  if (createStreams === false || target.type === 'arn') return null;
  const shape: NewStream =
    createStreams === true ? { type: 'on-demand' } : { type: 'provisioned', shards: createStreams.shards };
  return new StreamCreator(target.name, shape, requestTimeoutMs, transport, context);
}

export class StreamCreator {
  readonly #name: string;
  readonly #shape: NewStream;
  readonly #timeoutMs: number;
  readonly #transport: Transport;
  readonly #context: AdapterContext;
  readonly #closed = new Cancellation();
  #creating = false;
  #toldCode: string | null = null;

  constructor(
    name: string,
    shape: NewStream,
    timeoutMs: number,
    transport: Transport,
    context: AdapterContext,
  ) {
    this.#name = name;
    this.#shape = shape;
    this.#timeoutMs = timeoutMs;
    this.#transport = transport;
    this.#context = context;
  }

  create(): void {
    if (this.#creating || this.#closed.cancelled) return;
    this.#creating = true;
    const { clock, logger, recordType } = this.#context;
    withDeadline(clock, this.#timeoutMs, this.#closed, (signal) =>
      this.#transport.createStream(this.#name, this.#shape, signal),
    )
      .then(
        (outcome) => {
          this.#toldCode = null;
          // Asked again by a probe that came too early, or made by somebody else.
          if (outcome === 'exists') return;
          logger.info(
            { recordType, stream: this.#name, shape: this.#shape },
            `stream '${this.#name}' is being made`,
          );
        },
        (thrown: unknown) => {
          if (!this.#closed.cancelled) this.#tell(thrown);
        },
      )
      .finally(() => {
        this.#creating = false;
      });
  }

  close(): void {
    this.#closed.cancel(new Error('the adapter is closed'));
  }

  #tell(thrown: unknown): void {
    const failure = failureOf(thrown);
    // A bug in the making of a stream must not take the thread down with the records that wait for it.
    const { code, message } = failure === 'bug' ? { code: 'Bug', message: String(thrown) } : failure;
    if (code === this.#toldCode) return;
    this.#toldCode = code;
    this.#context.logger.error(
      { recordType: this.#context.recordType, stream: this.#name, code, err: thrown },
      `stream '${this.#name}' is missing and could not be made: ${code}: ${message}`,
    );
  }
}

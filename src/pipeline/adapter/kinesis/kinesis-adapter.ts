/**
 * The adapter over a transport: one sender per stream, and the slots that bound the requests of all of them. It
 * knows no AWS SDK, so it runs the same on a scripted Kinesis.
 */
import { Cancellation } from '../../../base/cancellation.ts';
import type {
  Adapter,
  AdapterContext,
  AdapterSnapshot,
  CloseOptions,
  Rejection,
  SendOptions,
  UnwrittenMessages,
  WireMessage,
} from '../adapter.ts';
import { RecordsRejectedError, StreamNameError } from '../errors.ts';
import { OpenSends } from '../open-sends.ts';
import { recordBytes } from '../record-bytes.ts';
import type { KinesisSettings } from './options.ts';
import { packableMessages, packableUnwritten } from './packable.ts';
import { preflight } from './preflight.ts';
import { prepare } from './record.ts';
import { RequestSlots } from './request-slots.ts';
import { type DeliveryOptions, StreamSender } from './stream-sender.ts';
import { streamTarget } from './stream-target.ts';
import type { Transport } from './transport.ts';

/** No stream takes less: https://docs.aws.amazon.com/streams/latest/dev/large-records.html */
const RECORD_BYTES_ALWAYS = 1024 * 1024;

export class KinesisAdapter implements Adapter {
  readonly #settings: KinesisSettings;
  readonly #transport: Transport;
  readonly #context: AdapterContext;
  readonly #slots: RequestSlots;
  readonly #sends: OpenSends;
  readonly #closed = new Cancellation();
  readonly #senders = new Map<string, StreamSender>();

  constructor(settings: KinesisSettings, transport: Transport, context: AdapterContext) {
    this.#settings = settings;
    this.#transport = transport;
    this.#context = context;
    this.#slots = new RequestSlots(settings.maxInFlight);
    this.#sends = new OpenSends(context.clock);
    if (settings.preflight) void preflight(settings, transport, context, this.#closed);
  }

  send(stream: string, messages: readonly WireMessage[], options: SendOptions): Promise<void> {
    return this.#sends.run(options, (end) => this.#deliver(stream, messages, deliveryOf(options, end)));
  }

  sendUnwritten(stream: string, messages: UnwrittenMessages, options: SendOptions): Promise<void> {
    return this.#sends.run(options, (end) =>
      this.#deliverUnwritten(stream, messages, deliveryOf(options, end)),
    );
  }

  hurry(): void {
    for (const sender of this.#senders.values()) sender.hurry();
  }

  close({ timeoutMs }: CloseOptions): Promise<void> {
    for (const sender of this.#senders.values()) sender.finish();
    return this.#sends.close(timeoutMs, () => {
      this.#closed.cancel(new Error('the adapter is closed'));
      for (const sender of this.#senders.values()) sender.close();
      this.#transport.close();
    });
  }

  snapshot(): AdapterSnapshot {
    return {
      adapter: 'kinesis',
      closed: this.#sends.closed,
      streams: [...this.#senders.values()].map((sender) => sender.snapshot()),
    };
  }

  async #deliver(stream: string, messages: readonly WireMessage[], options: DeliveryOptions): Promise<void> {
    const sender = this.#senderOf(stream);
    // What can be packed is far from where the stream would have to be asked.
    const { maxRecordBytes: limit = RECORD_BYTES_ALWAYS } = this.#settings;
    const packable = sender.packs(options) ? packableMessages(messages, limit) : null;
    const packed = packable && sender.deliverPacked(packable, options);
    if (packed !== null) return allTaken(stream, messages.length, [], packed);
    const maxRecordBytes = await this.#maxRecordBytes(sender, messages);
    const { records, rejections } = prepare(messages, maxRecordBytes);
    sender.rejectedUnsent(rejections);
    const delivered = sender.deliver(records, options);
    // What waits from here on knows no messages and no records: a send may wait long for the last of them.
    return allTaken(stream, messages.length, rejections, delivered);
  }

  /** Before it first waits it has written them, or made messages of them. */
  async #deliverUnwritten(
    stream: string,
    messages: UnwrittenMessages,
    options: DeliveryOptions,
  ): Promise<void> {
    const sender = this.#senderOf(stream);
    const { maxRecordBytes = RECORD_BYTES_ALWAYS } = this.#settings;
    const packable = sender.packs(options) ? packableUnwritten(messages, maxRecordBytes) : null;
    const packed = packable && sender.deliverPacked(packable, options);
    if (packed === null) return this.#deliver(stream, messages.made(), options);
    return allTaken(stream, messages.size, [], packed);
  }

  /** The stream is asked only when a message is larger than what every stream takes. */
  async #maxRecordBytes(sender: StreamSender, messages: readonly WireMessage[]): Promise<number> {
    const { maxRecordBytes } = this.#settings;
    if (maxRecordBytes !== undefined) return maxRecordBytes;
    const isLarge = messages.some(
      // A character has at most three bytes, and most messages are far from where it matters.
      (message) =>
        message.data.length > RECORD_BYTES_ALWAYS / 4 && recordBytes(message) > RECORD_BYTES_ALWAYS,
    );
    return isLarge ? sender.maxRecordBytes() : RECORD_BYTES_ALWAYS;
  }

  #senderOf(stream: string): StreamSender {
    const existing = this.#senders.get(stream);
    if (existing !== undefined) return existing;
    const { streams } = this.#settings;
    const target = streamTarget(Object.hasOwn(streams, stream) ? (streams[stream] as string) : stream);
    if (target === null) throw new StreamNameError(stream, Object.keys(streams));
    const sender = new StreamSender({
      stream,
      target,
      settings: this.#settings,
      transport: this.#transport,
      slots: this.#slots,
      context: this.#context,
    });
    this.#senders.set(stream, sender);
    return sender;
  }
}

function deliveryOf({ ordered, explain, isHurried }: SendOptions, end: Cancellation): DeliveryOptions {
  return { end, ordered, explain, isHurried };
}

async function allTaken(
  stream: string,
  messages: number,
  unsent: readonly Rejection[],
  delivered: Promise<readonly Rejection[]>,
): Promise<void> {
  const condemned = [...unsent, ...(await delivered)];
  if (condemned.length === 0) return;
  condemned.sort((a, b) => a.index - b.index);
  throw new RecordsRejectedError(stream, messages, condemned);
}

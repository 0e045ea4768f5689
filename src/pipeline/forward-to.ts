/**
 * What a record type says in place of a handler when its events go to one stream as they are.
 *
 *     forwardTo: { stream: 'signup', partitionKey: 'user' }
 *
 * It means the handler that is made of it here, and nothing else: what is quicker must do the same.
 */
import type { HandleEvent } from './definition.ts';
import { Message } from './message.ts';

export interface ForwardTo<Key extends string = string> {
  readonly stream: string;
  /** The field of the event, a text or a number, that is the partition key of its message. */
  readonly partitionKey: Key;
}

/** The handler of a type that forwards its events. */
export function forwarding(to: ForwardTo): HandleEvent<unknown> {
  return (events, { sendData }) =>
    sendData(
      to.stream,
      events.map(({ data }) => forwarded(data, to)),
    );
}

/**
 * The message of one event: its JSON.
 *
 * @throws BeamlineError `ERR_MESSAGE` when the event has no such field, or one that is no key.
 */
export function forwarded(data: unknown, { partitionKey }: ForwardTo): Message {
  const fields = Object(data) as Readonly<Record<string, string>>;
  const key = Object.hasOwn(fields, partitionKey) ? fields[partitionKey] : undefined;
  return new Message(key as string, data);
}

export function isForwardTo(value: unknown): value is ForwardTo {
  if (typeof value !== 'object' || value === null) return false;
  const { stream, partitionKey, ...others } = value as Readonly<Record<string, unknown>>;
  return isText(stream) && isText(partitionKey) && Object.keys(others).length === 0;
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

/**
 * What a record type says in place of a handler when its events go to one stream as they are.
 *
 *     forwardTo: { stream: 'signup', partitionKey: 'user', idField: 'id' }
 *
 * It means the handler that is made of it here, and nothing else: what is quicker must do the same.
 */
import type { HandleEvent } from './definition.ts';
import { keyText, Message } from './message.ts';

export interface ForwardTo<Key extends string = string> {
  readonly stream: string;
  /** The field of the event, a text or a number, that is the partition key of its message. */
  readonly partitionKey: Key;
  /** The field in which the event's id goes along, in front of its own; an event that has it by itself keeps its own. */
  readonly idField?: string | undefined;
}

/** The handler of a type that forwards its events. */
export function forwarding(to: ForwardTo): HandleEvent<unknown> {
  return (events, { sendData }) =>
    sendData(
      to.stream,
      events.map(({ id, data }) => forwarded(id, data, to)),
    );
}

/**
 * The message of one event: its JSON.
 *
 * @throws BeamlineError `ERR_MESSAGE` when the event has no such field, or one that is no key.
 */
export function forwarded(id: string, data: unknown, { partitionKey, idField }: ForwardTo): Message {
  const fields = Object(data) as Readonly<Record<string, unknown>>;
  const key = Object.hasOwn(fields, partitionKey) ? fields[partitionKey] : undefined;
  const text = keyText(`partitionKey, the event's field '${partitionKey}',`, key);
  return new Message(text, idField === undefined ? data : { [idField]: id, ...fields });
}

export function isForwardTo(value: unknown): value is ForwardTo {
  if (typeof value !== 'object' || value === null) return false;
  const { stream, partitionKey, idField, ...others } = value as Readonly<Record<string, unknown>>;
  if (Object.keys(others).length > 0 || (idField !== undefined && !isText(idField))) return false;
  // An event without the key goes nowhere, and one with it would keep that: no id would ever go along.
  return isText(stream) && isText(partitionKey) && idField !== partitionKey;
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

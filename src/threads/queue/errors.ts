/**
 * What the queue throws. Users match on `code`. A full queue is no error: it is an answer.
 */

export type QueueErrorCode =
  | 'ERR_EVENT_NOT_SERIALIZABLE'
  | 'ERR_EVENT_TOO_LARGE'
  | 'ERR_FRAME_CORRUPT'
  | 'ERR_READER_FENCED';

export class QueueError extends Error {
  override readonly name: string = 'QueueError';
  readonly code: QueueErrorCode;

  constructor(code: QueueErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A value in the event cannot be carried. `path` leads to it: `user.avatar.onload`; empty for the event itself. */
export class EventNotSerializableError extends QueueError {
  override readonly name = 'EventNotSerializableError';
  readonly path: string;

  constructor(path: string, reason: string, options?: ErrorOptions) {
    const where = path === '' ? 'The event' : `The event's field \`${path}\``;
    super('ERR_EVENT_NOT_SERIALIZABLE', `${where} cannot be recorded: ${reason}.`, options);
    this.path = path;
  }
}

/** The event needs more than `limitBytes`. Encoding stops there, so `bytes` is what it needs at least. */
export class EventTooLargeError extends QueueError {
  override readonly name = 'EventTooLargeError';
  readonly bytes: number;
  readonly limitBytes: number;

  constructor(bytes: number, limitBytes: number) {
    super(
      'ERR_EVENT_TOO_LARGE',
      `The event needs at least ${bytes} bytes; maxEventBytes allows ${limitBytes}. ` +
        'Record less of it, or raise maxEventBytes.',
    );
    this.bytes = bytes;
    this.limitBytes = limitBytes;
  }
}

/** Every error class of the library that may cross between threads, by code, for the codec to rebuild. */
import type { ErrorRebuilders, PlainError, RebuildError } from '../threads/error-codec.ts';
import { ThreadError } from '../threads/errors.ts';
import { EventNotSerializableError, EventTooLargeError, QueueError } from '../threads/queue/index.ts';
import {
  AdapterClosedError,
  AdapterDescriptorError,
  AdapterModuleError,
  RecordsRejectedError,
  SendAbortedError,
  StreamNameError,
} from './adapter/errors.ts';
import { errorClasses } from './errors.ts';

export const errorRebuilders: ErrorRebuilders = new Map<string, RebuildError>([
  ...[...errorClasses].map(([code, rebuild]): [string, RebuildError] => [
    code,
    ({ fields, stack }) => rebuild({ fields: fields.fields, stack }),
  ]),
  ['ERR_STREAM_NAME', revive(StreamNameError)],
  ['ERR_ADAPTER_CLOSED', revive(AdapterClosedError)],
  ['ERR_ADAPTER_DESCRIPTOR', revive(AdapterDescriptorError)],
  ['ERR_ADAPTER_MODULE', revive(AdapterModuleError)],
  ['ERR_RECORDS_REJECTED', revive(RecordsRejectedError)],
  ['ERR_SEND_ABORTED', revive(SendAbortedError)],
  ['ERR_EVENT_NOT_SERIALIZABLE', revive(EventNotSerializableError)],
  ['ERR_EVENT_TOO_LARGE', revive(EventTooLargeError)],
  ['ERR_FRAME_CORRUPT', revive(QueueError)],
  ['ERR_READER_FENCED', revive(QueueError)],
  ['ERR_THREAD_START_TIMEOUT', revive(ThreadError)],
  ['ERR_THREAD_ENDED', revive(ThreadError)],
]);

/** An instance with the fields that crossed; its constructor, which would make the message anew, is not run. */
function revive(Class: { readonly prototype: Error }): RebuildError {
  return ({ name, message, code, fields }: PlainError) => {
    const error = Object.create(Class.prototype) as Error;
    const hidden = { writable: true, configurable: true, enumerable: false };
    Object.defineProperty(error, 'message', { ...hidden, value: message });
    Object.defineProperty(error, 'name', { ...hidden, value: name });
    return Object.assign(error, fields, { code });
  };
}

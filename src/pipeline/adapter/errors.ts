/**
 * The errors of the adapter layer. Users match on `code`, which is stable; the other fields are plain data, so
 * that an error can be rebuilt on the far side of a thread.
 */
import type { Rejection } from './adapter.ts';

/** What all errors of this layer have in common. */
export abstract class AdapterError extends Error {
  abstract readonly code: string;
}

/** A descriptor that no thread could be started with. */
export class AdapterDescriptorError extends AdapterError {
  override readonly name = 'AdapterDescriptorError';
  readonly code = 'ERR_ADAPTER_DESCRIPTOR';
  readonly problem: string;

  constructor(problem: string, options?: ErrorOptions) {
    super(
      `Not an adapter descriptor: ${problem}. Use kinesis(), nullAdapter() or memory(), or one of your own: ` +
        "{ module: new URL('./my-adapter.js', import.meta.url), options: { ... } }",
      options,
    );
    this.problem = problem;
  }
}

/** A descriptor's module that cannot be imported, or does not make an adapter. */
export class AdapterModuleError extends AdapterError {
  override readonly name = 'AdapterModuleError';
  readonly code = 'ERR_ADAPTER_MODULE';
  readonly module: string;
  readonly found: string;

  constructor(module: string, found: string, remedy: string, options?: ErrorOptions) {
    super(`The adapter module ${module} cannot be used: ${found}. ${remedy}`, options);
    this.module = module;
    this.found = found;
  }
}

const REJECTIONS_SHOWN = 3;

/** Some records of a send will never be in the stream. All others of that send are. */
export class RecordsRejectedError extends AdapterError {
  override readonly name = 'RecordsRejectedError';
  readonly code = 'ERR_RECORDS_REJECTED';
  readonly stream: string;
  readonly rejections: readonly Rejection[];

  constructor(stream: string, records: number, rejections: readonly Rejection[]) {
    const shown = rejections
      .slice(0, REJECTIONS_SHOWN)
      .map(({ index, code, message }) => `[${index}] ${code}: ${message}`);
    if (rejections.length > REJECTIONS_SHOWN) shown.push(`${rejections.length - REJECTIONS_SHOWN} more`);
    super(
      `${rejections.length} of ${records} records for stream '${stream}' can never be delivered ` +
        `(the others are in the stream; do not send these again as they are): ${shown.join('; ')}`,
    );
    this.stream = stream;
    this.rejections = rejections;
  }
}

/** A name that no stream can have, so that no waiting would help. */
export class StreamNameError extends AdapterError {
  override readonly name = 'StreamNameError';
  readonly code = 'ERR_STREAM_NAME';
  readonly stream: string;

  constructor(stream: string, known: readonly string[]) {
    const mapped = known.length === 0 ? 'none' : known.join(', ');
    super(
      `'${stream}' cannot be a stream: expected a name from the adapter's option streams (${mapped}), a stream's ` +
        'own name (1 to 128 of a-z A-Z 0-9 _ . -), or an ARN',
    );
    this.stream = stream;
  }
}

/** The caller's signal ended a send. Some of its records may be in the stream. */
export class SendAbortedError extends AdapterError {
  override readonly name = 'SendAbortedError';
  readonly code = 'ERR_SEND_ABORTED';

  constructor(reason: unknown) {
    super('The send was aborted by its signal; some of its records may be in the stream already', {
      cause: reason,
    });
  }
}

/** A send to an adapter that is closed, or one that `close` did not wait for any longer. */
export class AdapterClosedError extends AdapterError {
  override readonly name = 'AdapterClosedError';
  readonly code = 'ERR_ADAPTER_CLOSED';

  constructor() {
    super(
      'The adapter is closed; records of this send that are not in the stream have to be sent by another',
    );
  }
}

/*
 * By their codes: where a bundle is not split, an adapter that runs on the main thread comes from another file, with classes
 * of its own.
 */

export function isAdapterClosed(error: unknown): boolean {
  return codeOf(error) === 'ERR_ADAPTER_CLOSED';
}

export function isRecordsRejected(error: unknown): error is RecordsRejectedError {
  return codeOf(error) === 'ERR_RECORDS_REJECTED';
}

function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown } | null | undefined)?.code;
}

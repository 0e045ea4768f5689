/** Errors of the threads' floor. Users match on `code`. */
export type ThreadErrorCode = 'ERR_THREAD_START_TIMEOUT' | 'ERR_THREAD_ENDED' | 'ERR_THREAD_ENTRY';

export class ThreadError extends Error {
  override readonly name = 'ThreadError';
  readonly code: ThreadErrorCode;

  constructor(code: ThreadErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** The errors of the observer: one class, and one row per `code`. The code is stable, the text is not. */

const messages = {
  /** An option that cannot be used. */
  ERR_OBSERVER_OPTIONS: ({ option, expected, came }: OptionProblem) =>
    `observe() cannot use the option ${option}: expected ${expected}; ${came} came.`,

  /** An address that other machines reach, and no token. */
  ERR_OBSERVER_EXPOSED: ({ host }: { readonly host: string }) =>
    `observe() would show the application to every machine that reaches ${host}, without asking who they are. ` +
    "There are three ways out: leave host at '127.0.0.1' and reach it through a tunnel (ssh -L 4680:127.0.0.1:4680); " +
    'give a token, of at least 16 characters; or mount observerHandler(app) in a server of your own that asks for a login.',

  /** The port is held by somebody else. */
  ERR_OBSERVER_PORT: ({
    host,
    port,
    reason,
  }: {
    readonly host: string;
    readonly port: number;
    readonly reason: string;
  }) =>
    `observe() could not listen on ${host}, port ${port}: ${reason}. ` +
    'Give another port, or 0 for any that is free; observer.url says which one it was.',
};

export interface OptionProblem {
  readonly option: string;
  readonly expected: string;
  readonly came: string;
}

export type ObserverErrorCode = keyof typeof messages;
type Fields<C extends ObserverErrorCode> = Parameters<(typeof messages)[C]>[0];

export class ObserverError<C extends ObserverErrorCode = ObserverErrorCode> extends Error {
  override readonly name = 'ObserverError';
  readonly code: C;
  readonly fields: Fields<C>;

  constructor(code: C, fields: Fields<C>, options?: { readonly cause?: unknown }) {
    super((messages[code] as (fields: Fields<C>) => string)(fields), options);
    this.code = code;
    this.fields = fields;
  }
}

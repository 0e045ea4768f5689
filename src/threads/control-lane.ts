/**
 * The control plane: functions of one thread that another calls, by Comlink, over a lane of their port. Arguments,
 * results and errors pass through the term codec, so that errors keep their class and code, and pids are pids.
 */
import { expose, releaseProxy, wrap } from 'comlink';
import type { TermCodec } from './term-codec.ts';

/**
 * What Comlink talks through. Its own declaration needs those of a browser, and whoever compiles against this library
 * would need them too.
 */
export interface ControlEndpoint {
  postMessage(message: unknown): void;
  addEventListener(type: string, listener: unknown): void;
  removeEventListener(type: string, listener: unknown): void;
}

/** Functions that may be called from another thread. */
export type ControlApi = { readonly [name: string]: (...args: never[]) => unknown };

export type RemoteControl<Api> = {
  readonly [Name in keyof Api]: Api[Name] extends (...args: infer Args) => infer Result
    ? (...args: Args) => Promise<Awaited<Result>>
    : never;
};

type Answer =
  | { readonly type: 'ok'; readonly value: unknown }
  | { readonly type: 'error'; readonly error: unknown };

interface Lane {
  invoke(name: string, args: unknown): Promise<Answer>;
}

/** Serves the functions of `api` on the lane. */
export function serveControl(api: ControlApi, endpoint: ControlEndpoint, codec: TermCodec): void {
  const lane: Lane = {
    async invoke(name, args) {
      try {
        const method = Object.hasOwn(api, name) ? api[name] : undefined;
        if (method === undefined) throw new TypeError(`there is no control function ${name}`);
        return { type: 'ok', value: codec.encode(await method(...(codec.decode(args) as never[]))) };
      } catch (error) {
        return { type: 'error', error: codec.encode(error) };
      }
    },
  };
  expose(lane, endpoint);
}

/**
 * The functions that the other end serves. `closed` settles when the other end is gone: what was asked and not
 * answered by then fails with its reason, so that no call hangs.
 */
export function remoteControl<Api>(
  endpoint: ControlEndpoint,
  codec: TermCodec,
  closed: Promise<Error>,
): RemoteControl<Api> {
  const lane = wrap<Lane>(endpoint);
  let gone: Error | undefined;
  const open = new Set<(error: Error) => void>();
  void closed.then((error) => {
    gone = error;
    for (const reject of open) reject(error);
    open.clear();
    // Comlink keeps the endpoint of a proxy until the proxy is collected, and the endpoint's owner has the proxy: so
    // neither would ever go.
    lane[releaseProxy]();
  });
  const invoke = (name: string, args: unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (gone !== undefined) {
        reject(gone);
        return;
      }
      open.add(reject);
      lane.invoke(name, codec.encode(args)).then(
        (answer) => {
          open.delete(reject);
          if (answer.type === 'ok') resolve(codec.decode(answer.value));
          else reject(codec.decode(answer.error));
        },
        (error: unknown) => {
          open.delete(reject);
          reject(error);
        },
      );
    });
  return new Proxy({} as RemoteControl<Api>, {
    get: (_target, name) =>
      typeof name === 'string' && name !== 'then' ? (...args: unknown[]) => invoke(name, args) : undefined,
  });
}

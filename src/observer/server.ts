/** The observer with a server of its own. It does not keep the Node process alive. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ShownOption } from '../pipeline/options/shown-options.ts';
import { ObserverError } from './errors.ts';
import { type ObserverHandler, observerHandler } from './handler.ts';
import { type ObserveOptions, parseObserveOptions } from './options.ts';
import type { ObservedApplication } from './sampler.ts';

export class Observer {
  /** Where the page is. */
  readonly url: string;
  /** What it was told, each with where that comes from. */
  readonly shown: readonly ShownOption[];
  readonly #server: Server;
  readonly #handler: ObserverHandler;
  #closed: Promise<void> | undefined;

  /** @throws ObserverError `ERR_OBSERVER_OPTIONS`, `ERR_OBSERVER_EXPOSED`, `ERR_OBSERVER_PORT` */
  static async start(app: ObservedApplication, options: ObserveOptions = {}): Promise<Observer> {
    const { host, port, shown } = parseObserveOptions(options);
    const handler = observerHandler(app, options);
    const server = createServer((request, response) => handler(request, response));
    server.unref();
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => {
        const reason = REASONS[error.code ?? ''] ?? error.message;
        reject(new ObserverError('ERR_OBSERVER_PORT', { host, port, reason }, { cause: error }));
      });
      server.listen(port, host, resolve);
    });
    const address = server.address() as AddressInfo;
    const name = address.family === 'IPv6' ? `[${address.address}]` : address.address;
    return new Observer(server, handler, `http://${name}:${address.port}`, shown);
  }

  private constructor(server: Server, handler: ObserverHandler, url: string, shown: readonly ShownOption[]) {
    this.#server = server;
    this.#handler = handler;
    this.url = url;
    this.shown = shown;
  }

  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  /** Ends what is open, and listens no more. A second call gives the first one's promise. */
  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#handler.close();
      this.#server.closeAllConnections();
    });
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there already',
  EACCES: 'this user may not listen there',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'nobody knows that name',
};

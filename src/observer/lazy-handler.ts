/**
 * `observerHandler` as `beamline` exports it: the observer behind it is loaded by the first request. An application that
 * mounts none, and every thread that imports a record module, is spared it.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ObserverHandler } from './handler.ts';
import { type HandlerOptions, parseHandlerOptions } from './options.ts';
import type { ObservedApplication } from './sampler.ts';

/** Throws `ERR_OBSERVER_OPTIONS`. */
export function observerHandler(app: ObservedApplication, options: HandlerOptions = {}): ObserverHandler {
  parseHandlerOptions(options);
  let loading: Promise<ObserverHandler> | undefined;
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    loading ??= import('./handler.ts').then((module) => module.observerHandler(app, options));
    loading.then(
      (handler) => handler(request, response),
      (error: Error) => response.destroy(error),
    );
  };
  return Object.assign(handle, {
    close() {
      void loading?.then((handler) => handler.close());
    },
  });
}

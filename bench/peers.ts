/** The packages that beamline is compared with. They are installed under `bench/` by `npm run bench`. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ROOT } from './root.ts';

const require = createRequire(join(ROOT, 'bench/package.json'));

export interface PinoLogger {
  info(fields: object): void;
}

/** pino that writes in a worker thread of its own, to nowhere. */
export function pinoToWorker(): PinoLogger {
  const pino = require('pino') as {
    (stream: unknown): PinoLogger;
    transport(options: object): unknown;
  };
  return pino(pino.transport({ target: 'pino/file', options: { destination: '/dev/null' } }));
}

export interface SegmentClient {
  track(event: { userId: string; event: string; properties: object }): void;
  on(event: 'error', listener: (error: unknown) => void): void;
  flush(): Promise<void>;
}

/** Segment's client over an HTTP client that answers at once: only the caller's thread is measured. */
export function segmentClient(): SegmentClient {
  const { Analytics } = require('@segment/analytics-node') as {
    Analytics: new (options: object) => SegmentClient;
  };
  const answer = {
    ok: true,
    status: 200,
    statusText: 'OK',
    headers: {},
    text: async () => '',
    json: async () => ({}),
  };
  return new Analytics({
    writeKey: 'bench',
    httpClient: { makeRequest: async () => answer },
    flushAt: 500,
    maxEventsInBatch: 500,
  });
}

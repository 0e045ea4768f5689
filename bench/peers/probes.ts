/**
 * What is done to a peer, one probe a process: `node --expose-gc probes.js NAME` prints what came of it as JSON. All hosts
 * are on this machine.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { posthog, segment } from './clients.ts';

const EVENTS = 60_000;
const OUTAGE_MS = 8000;
const CLOSE_MS = 2000;
const PROPERTIES = { step: 'confirm', text: 'x'.repeat(200) };

type Finding = Readonly<Record<string, number | string>>;

/** 60,000 events while nobody listens at the other end, then the end of the client. */
async function outage(client: {
  track(n: number): void;
  onError(listener: () => void): void;
  close(): Promise<unknown>;
}): Promise<Finding> {
  let errors = 0;
  client.onError(() => errors++);
  const lines = countLines();
  const before = heapMiB();
  for (let n = 0; n < EVENTS; n++) client.track(n);
  await sleep(OUTAGE_MS);
  const errorsInOutage = errors;
  const linesInOutage = lines();
  const heapGrowthMiB = heapMiB() - before;
  const from = performance.now();
  const result = String(await client.close());
  const closedMs = performance.now() - from;
  return {
    events: EVENTS,
    errorsInOutage,
    linesInOutage,
    heapGrowthMiB: Math.round(heapGrowthMiB),
    closeResolvedWith: result,
    closedMs: Math.round(closedMs),
    errorsInAll: errors,
  };
}

const PROBES: Readonly<Record<string, () => Promise<Finding>>> = {
  async 'segment-outage'() {
    const client = segment(await refused());
    return outage({
      track: (n) => client.track({ userId: `u-${n}`, event: 'SignUp', properties: PROPERTIES }),
      onError: (listener) => client.on('error', listener),
      close: () => client.closeAndFlush({ timeout: CLOSE_MS }),
    });
  },

  async 'posthog-outage'() {
    const client = posthog(await refused());
    return outage({
      track: (n) => client.capture({ distinctId: `u-${n}`, event: 'SignUp', properties: PROPERTIES }),
      onError: (listener) => client.on('error', listener),
      close: () => client.shutdown(CLOSE_MS),
    });
  },

  /** Four answers of 500, then all is well. */
  async 'posthog-blip'() {
    let requests = 0;
    let delivered = 0;
    const server = createServer((request, response) => {
      requests++;
      const fails = requests <= 4;
      request.on('data', () => {});
      request.on('end', () => {
        if (!fails) delivered++;
        response.writeHead(fails ? 500 : 200, { 'content-type': 'application/json' }).end('{"status":1}');
      });
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const client = posthog(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    let errors = 0;
    client.on('error', () => errors++);
    for (let n = 0; n < 5; n++)
      client.capture({ distinctId: `u-${n}`, event: 'SignUp', properties: PROPERTIES });
    await sleep(30_000);
    await client.shutdown(CLOSE_MS);
    server.close();
    return { events: 5, requests, requestsThatSucceeded: delivered, errors };
  },

  /** A script that captures one event and comes to its end. The parent counts what arrives. */
  async 'posthog-script-end'() {
    posthog(process.argv[3] ?? '').capture({ distinctId: 'u', event: 'SignUp', properties: PROPERTIES });
    return { events: 1 };
  },
};

/** An address at which nobody listens. */
async function refused(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return `http://127.0.0.1:${port}`;
}

function heapMiB(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

/** How many lines have been written to the console since. */
function countLines(): () => number {
  let lines = 0;
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream);
    stream.write = ((...args: Parameters<typeof write>) => {
      lines++;
      return write(...args);
    }) as typeof stream.write;
  }
  return () => lines;
}

const probe = PROBES[process.argv[2] ?? ''];
if (probe === undefined) throw new RangeError(`a probe is one of ${Object.keys(PROBES).join(', ')}`);
const finding = await probe();
process.send?.(finding);
process.disconnect?.();

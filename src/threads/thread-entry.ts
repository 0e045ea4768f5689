/**
 * Where every worker thread of this library begins: makes its runtime, connects it to the thread that started it,
 * loads the role it was given, and tells how that went. The port stays referenced, so that the thread stays.
 */
import { workerData } from 'node:worker_threads';
import { type Clock, systemClock } from '../base/clock.ts';
import { Runtime } from '../otp/runtime.ts';
import type { ControlApi } from './control-lane.ts';
import { serveControl } from './control-lane.ts';
import type { ErrorRebuilders } from './error-codec.ts';
import { NodeLink } from './node-link.ts';
import type { ThreadData } from './spawn.ts';
import { type TermCodec, termCodec } from './term-codec.ts';
import { ThreadTransport } from './thread-transport.ts';

/** The way to the thread that started this one. */
export interface ThreadConnection {
  readonly link: NodeLink;
  readonly codec: TermCodec;
}

/** What a role gets when it boots. */
export interface ThreadSite extends ThreadConnection {
  readonly runtime: Runtime;
  readonly argument: unknown;
}

/** The module of a role. */
export interface ThreadRole {
  /** Errors that cross between the threads as instances of their own classes. */
  readonly errorRebuilders?: ErrorRebuilders;
  /** The time of the thread's runtime, if it is not the system's: one that another thread holds, say. */
  clock?(connection: ThreadConnection): Clock;
  /** Gets everything ready and returns what the other thread may call. */
  boot(site: ThreadSite): ControlApi | Promise<ControlApi>;
}

async function main({ node, parent, port, role, argument }: ThreadData): Promise<void> {
  const transport = new ThreadTransport();
  const plain = termCodec();
  try {
    const module = (await import(/* webpackIgnore: true */ role)) as ThreadRole;
    const codec = termCodec(module.errorRebuilders);
    const link = new NodeLink(parent, port, codec, () => runtime);
    transport.add(link);
    const clock = module.clock?.({ link, codec }) ?? systemClock;
    const runtime = new Runtime({ node, transport, clock });
    try {
      const api = await module.boot({ runtime, link, codec, argument });
      serveControl(api, link.control, codec);
      link.post({ type: 'booted' });
    } catch (error) {
      link.post({ type: 'boot_failed', error: codec.encode(error) });
    }
  } catch (error) {
    port.postMessage({ type: 'boot_failed', error: plain.encode(error) });
    port.ref();
  }
}

void main(workerData as ThreadData);

/** The role of a thread that holds one process, which answers; and a bare worker that answers on its port. */
import { parentPort, workerData } from 'node:worker_threads';
import { type GenServer, type Request, serverBehaviour } from '../src/otp/gen-server.ts';
import type { Pid } from '../src/otp/pid.ts';
import { ok, reply } from '../src/otp/result.ts';
import type { ThreadSite } from '../src/threads/thread-entry.ts';

export interface EchoSpec {
  readonly state: undefined;
  readonly call: Request<{ type: 'echo'; value: number }, number>;
}

export type EchoApi = { readonly pid: () => Pid<EchoSpec> };

const echo: GenServer<EchoSpec> = {
  init: () => ok(undefined),
  handleCall: { echo: ({ value }, state) => reply(value, state) },
};

export function boot({ runtime }: ThreadSite): EchoApi {
  const { pid } = runtime.spawn(serverBehaviour(echo, undefined));
  return { pid: () => pid as Pid<EchoSpec> };
}

/** What the bare worker is started with. */
export const BARE = 'bare';

if (workerData === BARE) parentPort?.on('message', (message: unknown) => parentPort?.postMessage(message));

/**
 * DispatchServer: sees to it that what is in the queues is fetched by somebody. It asks for the Record server of a type
 * that has events, or had one, and has none now; and while a Producer waits for its restart it has the type's thread
 * dispatch without one.
 *
 * Started by ServerSupervisor. It keeps nothing that its successor could not find again: it looks at all types when it
 * starts, when RecordsSupervisor comes back, and when it is told. Its mailbox holds what supervisors and the door of
 * each queue tell it: one message for each change.
 */

import type { DynamicSupervisorSpec } from '../otp/dynamic-supervisor.ts';
import { startDynamicChildFor } from '../otp/dynamic-supervisor.ts';
import { type GenServer, startLink } from '../otp/gen-server.ts';
import type { Pid } from '../otp/pid.ts';
import type { Process } from '../otp/process.ts';
import { noreply, ok, type Result } from '../otp/result.ts';
import type { Runtime } from '../otp/runtime.ts';
import type { StartResult } from '../otp/start.ts';
import type { Engine } from './engine.ts';
import { NAMES } from './names.ts';
import type { RecordType } from './site/record-type.ts';

/** How soon it looks again while RecordsSupervisor is not there. */
const LOOK_AGAIN_MS = 20;

type Message =
  /** Look at all types. */
  | { readonly type: 'reconcile' }
  /** RecordsSupervisor was gone a moment ago. */
  | { readonly type: 'look_again' }
  | { readonly type: 'producer_waits'; readonly recordType: string }
  | { readonly type: 'producer_returns'; readonly recordType: string };

interface State {
  readonly engine: Engine;
}

interface Spec {
  readonly argument: Engine;
  readonly state: State;
  readonly info: Message;
  readonly continue: 'watch';
}

export function startDispatchServer(parent: Process, engine: Engine): Promise<StartResult> {
  return startLink(parent, dispatchServer, engine, { name: NAMES.dispatchServer });
}

/** While it is not there nothing need be told: it looks for itself when it is. */
export function tellDispatchServer(
  runtime: Runtime,
  message: Exclude<Message, { type: 'look_again' }>,
): void {
  if (runtime.whereis(NAMES.dispatchServer) !== undefined) runtime.send(NAMES.dispatchServer, message);
}

/** Whether a Record server has to be asked for. Pure. */
export function lacksRecord(type: {
  readonly door: string;
  readonly wanted: boolean;
  readonly pending: number;
}): boolean {
  return type.door !== 'attended' && (type.pending > 0 || (type.wanted && type.door === 'unattended'));
}

const dispatchServer: GenServer<Spec> = {
  kind: 'server',

  init: (engine) => ok({ engine }, { continue: 'watch' }),

  handleContinue: (_watch, state, self) => watch(self, state),

  handleInfo(message, state, self): Result<State> | Promise<Result<State>> {
    switch (message.type) {
      case 'reconcile':
        return reconcile(self, state);
      // RecordsSupervisor has ended: its Record servers with it.
      case 'DOWN':
        self.sendAfter(LOOK_AGAIN_MS, { type: 'look_again' } satisfies Message);
        return noreply(state);
      case 'look_again':
        return watch(self, state);
      case 'producer_waits':
        order(state.engine.types.get(message.recordType), 'begin');
        return noreply(state);
      case 'producer_returns':
        order(state.engine.types.get(message.recordType), 'end');
        return noreply(state);
      default:
        self.dropped++;
        return noreply(state);
    }
  },
};

function watch(self: Process, state: State): Result<State> | Promise<Result<State>> {
  self.monitor(NAMES.recordsSupervisor);
  return self.runtime.whereis(NAMES.recordsSupervisor) === undefined
    ? noreply(state)
    : reconcile(self, state);
}

/** A thread that ends meanwhile dispatches nothing; the one that follows begins with its Producer. */
function order(type: RecordType | undefined, order: 'begin' | 'end'): void {
  type?.placement.place?.control.dispatch(order).catch(() => {});
}

async function reconcile(self: Process, state: State): Promise<Result<State>> {
  const producers = state.engine.restarts.keyed(NAMES.producerSupervisor);
  for (const type of state.engine.types.values()) {
    const { pending } = type.counts;
    if ((producers.get(type.name)?.dueInMs ?? 0) > 0) order(type, 'begin');
    if (lacksRecord({ door: type.signals.door, wanted: type.wanted, pending })) await askFor(self, type);
  }
  return noreply(state);
}

/** Asks RecordsSupervisor for a type's Record server; one that is there is left alone. */
async function askFor(self: Process, type: RecordType): Promise<void> {
  if (self.runtime.whereis(NAMES.recordsSupervisor) === undefined) return;
  const supervisor = NAMES.recordsSupervisor as unknown as Pid<DynamicSupervisorSpec>;
  try {
    await startDynamicChildFor(self, supervisor, { recordType: type.name });
  } catch (error) {
    // It ended while it was asked: its monitor tells, and all types are looked at again.
    type.logger.debug({ err: error }, 'RecordsSupervisor ended while it was asked');
  }
}

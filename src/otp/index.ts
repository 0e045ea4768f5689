/**
 * The runtime, usable alone: processes with mailboxes, links and monitors; GenServer, Supervisor, DynamicSupervisor,
 * Registry, Task; and stages with demand.
 *
 *     import { GenServer, Runtime, Supervisor } from 'beamline/otp';
 */
import * as dynamic from './dynamic-supervisor.ts';
import * as server from './gen-server.ts';
import * as registry from './registry.ts';
import * as consumer from './stage/consumer.ts';
import * as pool from './stage/consumer-supervisor.ts';
import * as producer from './stage/producer.ts';
import * as supervisor from './supervisor.ts';
import * as task from './task.ts';
import * as stream from './task-stream.ts';

export type { Backoff } from '../base/backoff.ts';
export { type Clock, systemClock } from '../base/clock.ts';
export type { AutoShutdown, ChildSpec, Restart, RestartBackoff, Shutdown } from './child-spec.ts';
export type { SystemMessage } from './envelope.ts';
export { Exit, type ExitReason, exit, formatReason, OperationFailed } from './exit-reason.ts';
export type { From, Request, ServerSpec } from './gen-server.ts';
export type { KeyedInfo } from './keyed-children.ts';
export { at, type Destination, isPid, type NameAt, type Pid, type Via, via } from './pid.ts';
export type { Process } from './process.ts';
export type { ProcessInfo } from './process-info.ts';
export {
  type CallResult,
  type InitResult,
  ignore,
  noreply,
  ok,
  type Result,
  refuse,
  reply,
  stop,
} from './result.ts';
export { type Parent, Runtime, type RuntimeObserver, type RuntimeOptions } from './runtime.ts';
export { BroadcastDispatcher } from './stage/broadcast-dispatcher.ts';
export { DemandDispatcher } from './stage/demand-dispatcher.ts';
export type { Dispatcher } from './stage/dispatcher.ts';
export type { StartResult } from './start.ts';
export type { TraceEntry, TraceRequest, TraceResult } from './trace.ts';

/** A process that answers calls and keeps a state; as a type, the module of one. */
export const GenServer = {
  start: server.start,
  startLink: server.startLink,
  call: server.call,
  cast: server.cast,
} as const;
export type GenServer<Spec extends server.ServerSpec = server.ServerSpec> = server.GenServer<Spec>;

export const Supervisor = {
  start: supervisor.startSupervisor,
  startLink: supervisor.startSupervisorLink,
  startChild: supervisor.startChild,
  terminateChild: supervisor.terminateChild,
  restartChild: supervisor.restartChild,
  deleteChild: supervisor.deleteChild,
  whichChildren: supervisor.whichChildren,
  countChildren: supervisor.countChildren,
} as const;

export const DynamicSupervisor = {
  start: dynamic.startDynamicSupervisor,
  startLink: dynamic.startDynamicSupervisorLink,
  startChild: dynamic.startDynamicChild,
  startChildFor: dynamic.startDynamicChildFor,
  terminateChild: dynamic.terminateDynamicChild,
  whichChildren: dynamic.whichDynamicChildren,
  countChildren: dynamic.countDynamicChildren,
  keyedChildren: dynamic.keyedChildren,
} as const;

export const Registry = {
  start: registry.startRegistry,
  startLink: registry.startRegistryLink,
  register: registry.register,
  unregister: registry.unregister,
  update: registry.update,
  registerAt: registry.registerAt,
  unregisterAt: registry.unregisterAt,
  updateAt: registry.updateAt,
  lookup: registry.lookup,
  keysOf: registry.keysOf,
  count: registry.countEntries,
  dispatch: registry.dispatch,
} as const;

export const Task = {
  startLink: task.startTask,
  async: task.startAsync,
  await: task.awaitTask,
  awaitMany: task.awaitMany,
  yield: task.yieldTask,
  yieldMany: task.yieldMany,
  shutdown: task.shutdownTask,
  asyncStream: stream.asyncStream,
} as const;
export type Task = task.Task;

/** A stage that emits events against demand; as a type, the module of one. */
export const Producer = {
  start: producer.startProducer,
  startLink: producer.startProducerLink,
  setDemand: producer.setDemand,
  getDemand: producer.getDemand,
  bufferedCount: producer.bufferedCount,
} as const;
export type Producer<Spec extends server.ServerSpec = server.ServerSpec> = producer.Producer<Spec>;
export { emit } from './stage/producer.ts';

/** A stage that handles the events it asked for; as a type, the module of one. */
export const Consumer = {
  start: consumer.startConsumer,
  startLink: consumer.startConsumerLink,
  subscribe: consumer.subscribe,
  ask: consumer.ask,
  cancel: consumer.cancel,
} as const;
export type Consumer<Spec extends server.ServerSpec = server.ServerSpec> = consumer.Consumer<Spec>;

export const ConsumerSupervisor = {
  start: pool.startConsumerSupervisor,
  startLink: pool.startConsumerSupervisorLink,
  subscribe: consumer.subscribe,
  startChild: pool.startPoolChild,
  terminateChild: pool.terminatePoolChild,
  whichChildren: pool.whichPoolChildren,
  countChildren: pool.countPoolChildren,
} as const;

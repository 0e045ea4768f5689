/**
 * beamline: records analytics events and delivers them to Amazon Kinesis in batches, from supervised worker threads.
 *
 *     import { Application, kinesis, Records } from 'beamline';
 */

export { Application } from './observer/application.ts';
export { ObserverError, type ObserverErrorCode } from './observer/errors.ts';
export type { ObserverHandler } from './observer/handler.ts';
export { observerHandler } from './observer/lazy-handler.ts';
export type { HandlerOptions, ObserveOptions } from './observer/options.ts';
export type { Observer } from './observer/server.ts';
export type { TraceEntry, TraceResult } from './otp/trace.ts';
export type {
  Adapter,
  AdapterContext,
  AdapterDescriptor,
  AdapterEvent,
  AdapterSnapshot,
  CreateAdapter,
  UnwrittenMessages,
  WireMessage,
} from './pipeline/adapter/adapter.ts';
export { AdapterError, RecordsRejectedError } from './pipeline/adapter/errors.ts';
export { kinesis } from './pipeline/adapter/kinesis.ts';
export { type MemoryDescriptor, memory } from './pipeline/adapter/memory.ts';
export { nullAdapter } from './pipeline/adapter/null.ts';
export type { StopOptions, TraceOptions } from './pipeline/application.ts';
export type { FailedAttempt } from './pipeline/batch/attempt-history.ts';
export type {
  DefinitionInput,
  HandleContext,
  HandleEvent,
  Recorded,
  SchemaDefinitionInput,
} from './pipeline/definition.ts';
export { BeamlineError, type ErrorCode, isBeamlineError } from './pipeline/errors.ts';
export type { FromRequestOptions, RequestLike } from './pipeline/event/from-request.ts';
export { generateEventId, type MasterEvent, masterJson } from './pipeline/event/master-event.ts';
export type { RequestContext, UserData } from './pipeline/event/request-context.ts';
export type {
  SchemaInput,
  SchemaIssue,
  SchemaOutput,
  StandardSchemaV1,
} from './pipeline/event/standard-schema.ts';
export { EventContext, type EventData, type FromContextOptions } from './pipeline/event-context.ts';
export type { ForwardTo } from './pipeline/forward-to.ts';
export { Message } from './pipeline/message.ts';
export type {
  ApplicationOptionsInput as ApplicationOptions,
  TypeOptionsInput as RecordOptions,
} from './pipeline/options/options.ts';
export type { DeadLetter, DeadLetterSink } from './pipeline/options/options-table.ts';
export {
  type ConfirmedEvent,
  type ConfirmOptions,
  type RecordHandle,
  Records,
  type RecordsHandle,
} from './pipeline/records.ts';
export type { SpooledEvent, SpoolState, StoredLetter } from './pipeline/spool/protocol.ts';
export type { SpoolAccess, SpoolPage } from './pipeline/spool/spool-access.ts';
export type { Logger } from './pipeline/telemetry/logger.ts';
export type {
  BatchMessage,
  DeadLetterMessage,
  DeliveryMessage,
  LostMessage,
  MailboxMessage,
  ProcessMessage,
  RefusalMessage,
  RetryMessage,
  SpoolMessage,
  ThrottleMessage,
} from './pipeline/telemetry/telemetry.ts';
export { formatTree } from './pipeline/view/format-tree.ts';
export type { HealthLine } from './pipeline/view/health.ts';
export type { Ledger, TypeLedger } from './pipeline/view/ledger.ts';
export type { RestartEntry } from './pipeline/view/restarts.ts';
export type {
  DemandEdge,
  RecordSnapshot,
  Snapshot,
  TreeNode,
} from './pipeline/view/snapshot-types.ts';
export { EventNotSerializableError, EventTooLargeError, QueueError } from './threads/queue/errors.ts';

/**
 * What the parts of one application share: its runtime, its threads, its options, and its record types. Made by
 * Running, handed to every process of the tree; outlives all of them, so that no crash loses what is in it.
 */
import type { Clock } from '../base/clock.ts';
import type { NodeId } from '../otp/pid.ts';
import type { Runtime } from '../otp/runtime.ts';
import type { Directory } from '../threads/directory.ts';
import type { ThreadHost } from '../threads/thread.ts';
import type { CheckedDescriptor } from './adapter/descriptor.ts';
import type { DeadLetterSinkPort } from './batch/dead-letter-sink.ts';
import type { Intake } from './intake.ts';
import type { ApplicationOptions } from './options/options.ts';
import type { RecordType } from './site/record-type.ts';
import type { SpoolSite } from './spool/spool-site.ts';
import type { Logger } from './telemetry/logger.ts';
import type { TelemetryRelay } from './telemetry/telemetry-relay.ts';
import type { Restarts } from './view/restarts.ts';
import type { Tombstones } from './view/tombstones.ts';
import type { Watchers } from './view/watchers.ts';

export interface Engine {
  readonly intake: Intake;
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly host: ThreadHost;
  readonly options: ApplicationOptions;
  readonly adapter: CheckedDescriptor;
  readonly directory: Directory;
  readonly deadLetters: DeadLetterSinkPort;
  readonly logger: Logger;
  readonly types: ReadonlyMap<string, RecordType>;
  readonly restarts: Restarts;
  /** Of the main thread. */
  readonly tombstones: Tombstones;
  readonly watchers: Watchers;
  readonly relay: TelemetryRelay;
  readonly spool: SpoolSite | undefined;
  nextNode(): NodeId;
}

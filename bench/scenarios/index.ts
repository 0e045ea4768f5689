/** All scenarios, in the order of the table. */
import type { Scenario } from '../scenario.ts';
import { backlogMemory } from './backlog-memory.ts';
import { deliver } from './deliver.ts';
import { deliverAggregated } from './deliver-aggregated.ts';
import { deliverBytes } from './deliver-bytes.ts';
import { deliverDefault } from './deliver-default.ts';
import { idle } from './idle.ts';
import { install } from './install.ts';
import { latency } from './latency.ts';
import { loopDelay } from './loop-delay.ts';
import { master } from './master.ts';
import { observer } from './observer.ts';
import { otp } from './otp.ts';
import { otpRemote } from './otp-remote.ts';
import { record } from './record.ts';
import { recordBacklog } from './record-backlog.ts';
import { recordThreads } from './record-threads.ts';
import { recovery } from './recovery.ts';
import { spool } from './spool.ts';
import { types } from './types.ts';

export const scenarios: readonly Scenario[] = [
  record,
  recordBacklog,
  recordThreads,
  master,
  deliver,
  deliverBytes,
  deliverDefault,
  deliverAggregated,
  loopDelay,
  latency,
  install,
  backlogMemory,
  idle,
  otp,
  otpRemote,
  types,
  recovery,
  observer,
  spool,
];

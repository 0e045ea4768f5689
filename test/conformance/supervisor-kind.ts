/** The three kinds of supervisor answer the same questions, each by functions of its own. */
import {
  countDynamicChildren,
  terminateDynamicChild,
  whichDynamicChildren,
} from '../../src/otp/dynamic-supervisor.ts';
import type { Pid } from '../../src/otp/pid.ts';
import type { Process } from '../../src/otp/process.ts';
import {
  countPoolChildren,
  terminatePoolChild,
  whichPoolChildren,
} from '../../src/otp/stage/consumer-supervisor.ts';
import {
  type ChildCounts,
  type ChildInfo,
  type ChildResult,
  countChildren,
  whichChildren,
} from '../../src/otp/supervisor.ts';
import type { SpecType } from './format.ts';

export interface SupervisorKind {
  readonly which: (by: Process, to: Pid<never>) => Promise<readonly ChildInfo[]>;
  readonly count: (by: Process, to: Pid<never>) => Promise<ChildCounts>;
  /** Stops the child that is this process. */
  readonly terminate: (by: Process, to: Pid<never>, child: Pid) => Promise<ChildResult>;
}

const DYNAMIC: SupervisorKind = {
  which: whichDynamicChildren,
  count: countDynamicChildren,
  terminate: terminateDynamicChild,
};
const POOL: SupervisorKind = {
  which: whichPoolChildren,
  count: countPoolChildren,
  terminate: terminatePoolChild,
};
const STATIC: SupervisorKind = {
  which: whichChildren,
  count: countChildren,
  // Its children go by their ids, which no process is.
  terminate: async () => ({ type: 'error', reason: 'not_found' }),
};

export function supervisorKind(type: SpecType | undefined): SupervisorKind {
  switch (type) {
    case 'dynamic_supervisor':
      return DYNAMIC;
    case 'consumer_supervisor':
      return POOL;
    default:
      return STATIC;
  }
}

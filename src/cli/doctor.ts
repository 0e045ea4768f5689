/** Looks for what is wrong, from the ground up, and says what mends it. */
import type { Clock } from '../base/clock.ts';
import type { HealthCause, HealthLine } from '../pipeline/health.ts';
import type { Snapshot } from '../pipeline/snapshot-types.ts';
import { checkSpawn } from '../threads/spawn-check.ts';
import { ask, type Target } from './client.ts';

export interface Finding {
  readonly level: 'ok' | 'warn' | 'bad';
  readonly text: string;
  /** What mends it. */
  readonly mend: string | null;
}

const NODE_LEAST = [20, 19] as const;

export async function examine(
  target: Target,
  clock: Clock,
  nodeVersion: string,
): Promise<readonly Finding[]> {
  const reply = await ask<Snapshot>(target, 'api/v1/snapshot');
  const above: Finding[] =
    reply.type === 'failed'
      ? [{ level: 'bad', text: reply.message, mend: 'start the application, and call app.observe() in it' }]
      : [
          { level: 'ok', text: `the observer answers at ${target.url}`, mend: null },
          ...reply.body.health.map(healthFinding),
        ];
  return [nodeFinding(nodeVersion), await threadFinding(clock), ...above];
}

export function nodeFinding(version: string): Finding {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const [leastMajor, leastMinor] = NODE_LEAST;
  const isEnough = major > leastMajor || (major === leastMajor && minor >= leastMinor);
  const mend = `install Node ${NODE_LEAST.join('.')} or later`;
  return { level: isEnough ? 'ok' : 'bad', text: `Node ${version}`, mend: isEnough ? null : mend };
}

async function threadFinding(clock: Clock): Promise<Finding> {
  const check = await checkSpawn(clock);
  if (check.type === 'ok')
    return {
      level: 'ok',
      text: `a worker thread starts and ends in ${Math.round(check.tookMs)} ms`,
      mend: null,
    };
  return {
    level: 'bad',
    text: `no worker thread can be started: ${check.error.message}`,
    mend: 'allow more threads (ulimit -u) and memory, or run record types with isolation: inline',
  };
}

export function healthFinding({ level, cause, text }: HealthLine): Finding {
  return { level, text, mend: MENDS[cause] };
}

const MENDS: Readonly<Record<HealthCause, string | null>> = {
  ok: null,
  hung: 'find the loop or the synchronous call in handleEvent; move heavy work to small steps with an await between',
  stuck: 'a native call in handleEvent does not return: replace it, or give it a timeout of its own',
  'crash-loop':
    'mend the error that is named: what the thread throws outside of handleEvent ends it each time',
  paused:
    'mend what Kinesis refuses: permissions, credentials, the key, or the name of the stream; it is tried again by itself',
  failing:
    'look at the network and at the state of Kinesis; nothing is lost, and it is tried again by itself',
  throttled: 'spread partition keys over more values, or give the stream more shards',
  refusing: 'raise queueBytes, or record less; find out why delivery is slower than recording',
  handler: 'mend the error in handleEvent; after maxAttempts its event goes to the dead letters',
  suspended: 'resume it: in the page, or POST /api/v1/processes/<id>/resume',
  crashed: null,
  'dead-letters': 'look at what takes the dead letters (the option deadLetter) for the errors',
};

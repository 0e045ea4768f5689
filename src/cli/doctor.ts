/** Looks for what is wrong, from the ground up, and says what mends it. */
import { constants } from 'node:fs';
import { access, statfs } from 'node:fs/promises';
import type { Clock } from '../base/clock.ts';
import type { Checked } from '../pipeline/adapter/kinesis/checkup.ts';
import type { KinesisSettings } from '../pipeline/adapter/kinesis/options.ts';
import { kinesis } from '../pipeline/adapter/kinesis.ts';
import type { HealthCause, HealthLine } from '../pipeline/view/health.ts';
import type { Snapshot } from '../pipeline/view/snapshot-types.ts';
import { checkSpawn } from '../threads/spawn-check.ts';
import { ask, type Target } from './client.ts';

export interface Finding {
  readonly level: 'ok' | 'warn' | 'bad';
  readonly text: string;
  /** What mends it. */
  readonly mend: string | null;
}

export interface Examination {
  readonly target: Target;
  readonly clock: Clock;
  readonly nodeVersion: string;
  readonly region: string | undefined;
  readonly endpoint: string | undefined;
  /** Beside those of the environment: asked whether they would take a record. AWS only, and nothing is written. */
  readonly streams: readonly string[];
  /** Where a spool is to be; undefined: none is wanted. */
  readonly spool: string | undefined;
  /** An observer that does not answer is a fault, and not only an application that is not started yet. */
  readonly expected: boolean;
}

const NODE_LEAST = [20, 19] as const;
const SPOOL_STORE = 'lmdb';
const GIB = 2 ** 30;
/** As much as a spool takes when nothing else is said. */
const SPOOL_GIB = 10;

export async function examine(examination: Examination): Promise<readonly Finding[]> {
  const { clock, nodeVersion, spool } = examination;
  return [
    nodeFinding(nodeVersion),
    await threadFinding(clock),
    ...(spool === undefined ? [] : await spoolFindings(spool)),
    ...(await awsFindings(examination)),
    ...(await observerFindings(examination)),
  ];
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
  if (check.type === 'ok') return well(`a worker thread starts and ends in ${Math.round(check.tookMs)} ms`);
  return {
    level: 'bad',
    text: `no worker thread can be started: ${check.error.message}`,
    mend: 'allow more threads (ulimit -u) and memory, or run record types with isolation: inline',
  };
}

async function spoolFindings(directory: string): Promise<Finding[]> {
  return [await storeFinding(), await directoryFinding(directory)];
}

async function storeFinding(): Promise<Finding> {
  try {
    await import(SPOOL_STORE);
    return well(`${SPOOL_STORE}, which keeps the spool, loads`);
  } catch (error) {
    return {
      level: 'bad',
      text: `${SPOOL_STORE}, which keeps the spool, does not load: ${firstLine((error as Error).message)}`,
      mend: `npm install ${SPOOL_STORE}; on a platform without a prebuilt binary it needs a compiler`,
    };
  }
}

async function directoryFinding(directory: string): Promise<Finding> {
  try {
    await access(directory, constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT')
      return { level: 'warn', text: `${directory} is not there yet`, mend: `mkdir -p ${directory}` };
    return {
      level: 'bad',
      text: `${directory} cannot be written to: ${code}`,
      mend: 'give it to the user that runs the application, or name another directory',
    };
  }
  const { bavail, bsize } = await statfs(directory);
  const freeGib = (bavail * bsize) / GIB;
  const text = `${directory} can be written to, ${freeGib.toFixed(1)} GiB are free`;
  if (freeGib >= SPOOL_GIB) return well(text);
  return {
    level: 'warn',
    text,
    mend: `a spool takes up to ${SPOOL_GIB} GiB: give it room, or a smaller maxBytes`,
  };
}

/** By the options that `kinesis()` would have here. The SDK is loaded here, and only here. */
async function awsFindings({ region, endpoint, streams, clock }: Examination): Promise<Finding[]> {
  let settings: KinesisSettings;
  try {
    settings = kinesis({
      ...(region === undefined ? {} : { region }),
      ...(endpoint === undefined ? {} : { endpoint }),
    }).options as KinesisSettings;
  } catch (error) {
    return [{ level: 'bad', text: (error as Error).message, mend: 'correct the options that are named' }];
  }
  const { checkup } = await import('../pipeline/adapter/kinesis/checkup.ts');
  const all = [...new Set([...streams, ...Object.values(settings.streams)])];
  // Without a stream to send to, an application may well have others in mind, or an emulator.
  const wrong = all.length === 0 ? 'warn' : 'bad';
  return (await checkup({ settings, streams: all, clock })).map((checked) => awsFinding(checked, wrong));
}

export function awsFinding({ outcome, text, mend }: Checked, wrong: 'warn' | 'bad'): Finding {
  return { level: outcome === 'well' ? 'ok' : outcome === 'wrong' ? wrong : 'warn', text, mend };
}

async function observerFindings({ target, expected }: Examination): Promise<Finding[]> {
  const reply = await ask<Snapshot>(target, 'api/v1/snapshot');
  if (reply.type === 'failed')
    return [
      {
        level: expected ? 'bad' : 'warn',
        text: reply.message,
        mend: 'start the application, and call app.observe() in it',
      },
    ];
  return [well(`the observer answers at ${target.url}`), ...reply.body.health.map(healthFinding)];
}

export function healthFinding({ level, cause, text }: HealthLine): Finding {
  return { level, text, mend: MENDS[cause] };
}

function well(text: string): Finding {
  return { level: 'ok', text, mend: null };
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
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
  'dead-letter-sink':
    'mend what takes the dead letters (the option deadLetter): its disk, its permissions, its function; none is lost',
  'dead-letters': 'look at what takes the dead letters (the option deadLetter) for the errors',
};

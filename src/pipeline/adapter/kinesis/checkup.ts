/**
 * What stands between this machine and its streams: the region, the credentials, and whether each stream would take a
 * record. For those who look for what is wrong before there is an application. The rule is that of the preflight: only
 * AWS itself is asked, and nothing is written.
 */
import { Cancellation } from '../../../base/cancellation.ts';
import type { Clock } from '../../../base/clock.ts';
import { isBeamlineError } from '../../errors.ts';
import { withDeadline } from './deadline.ts';
import { failureOf } from './failure.ts';
import type { KinesisSettings } from './options.ts';
import { isAws, mendOf } from './preflight.ts';
import { SdkTransport } from './sdk-transport.ts';
import { streamTarget } from './stream-target.ts';

export interface CheckupRequest {
  /** As `kinesis()` makes them. */
  readonly settings: KinesisSettings;
  /** Names or ARNs. */
  readonly streams: readonly string[];
  readonly clock: Clock;
}

export interface Checked {
  readonly what: 'region' | 'credentials' | 'stream' | 'endpoint';
  /** `untold`: it could not be asked. */
  readonly outcome: 'well' | 'wrong' | 'untold';
  readonly text: string;
  readonly mend: string | null;
}

const ANSWER_MS = 5000;
const NO_REGION =
  'set BEAMLINE_REGION or AWS_REGION, or a region in the profile, or give kinesis({ region })';
const NO_CREDENTIALS =
  'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or a role; or give kinesis() a function that has some';

export async function checkup({ settings, streams, clock }: CheckupRequest): Promise<readonly Checked[]> {
  const { endpoint } = settings;
  let transport: SdkTransport;
  try {
    transport = await SdkTransport.open(settings, { functions: {}, clock });
  } catch (error) {
    return [wrong('region', textOf(error), NO_REGION)];
  }
  try {
    const has = await credentialsOf(transport, clock);
    if (has.outcome !== 'well') return [has];
    if (endpoint !== undefined && !isAws(endpoint) && streams.length > 0) {
      const text = `the streams were not asked: ${endpoint} is not AWS, and would write the record of a dry run`;
      return [has, { what: 'endpoint', outcome: 'untold', text, mend: null }];
    }
    return [has, ...(await Promise.all(streams.map((stream) => streamOf(transport, stream, clock))))];
  } finally {
    transport.close();
  }
}

/** What is wrong with the region, when that is what keeps the transport from being opened. */
function textOf(error: unknown): string {
  if (!isBeamlineError(error) || error.code !== 'ERR_OPTIONS')
    return error instanceof Error ? error.message : String(error);
  const [problem] = error.fields.problems;
  return problem === undefined || problem.came === 'none'
    ? 'no AWS region is set here'
    : `the AWS region that is set here is none: ${problem.came}`;
}

async function credentialsOf(transport: SdkTransport, clock: Clock): Promise<Checked> {
  try {
    const accessKeyId = await within(clock, () => transport.findCredentials());
    // Who it is can be told; the rest is nobody's business.
    const text = `AWS credentials are found here: ${accessKeyId.slice(0, 4)}…${accessKeyId.slice(-4)}`;
    return { what: 'credentials', outcome: 'well', text, mend: null };
  } catch (error) {
    return wrong(
      'credentials',
      `no AWS credentials are found here: ${(error as Error).message}`,
      NO_CREDENTIALS,
    );
  }
}

async function streamOf(transport: SdkTransport, stream: string, clock: Clock): Promise<Checked> {
  const target = streamTarget(stream);
  if (target === null)
    return wrong(
      'stream',
      `'${stream}' can be no stream`,
      'give its name, of letters, digits, _ . -, or its ARN',
    );
  try {
    await within(clock, (signal) => transport.dryRun(target, signal));
    return { what: 'stream', outcome: 'well', text: `the stream ${stream} would take a record`, mend: null };
  } catch (thrown) {
    const failure = failureOf(thrown);
    if (failure === 'bug') throw thrown;
    const { code, message } = failure;
    return wrong('stream', `the stream ${stream} would take no record: ${code}: ${message}`, mendOf(failure));
  }
}

function within<T>(clock: Clock, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  return withDeadline(clock, ANSWER_MS, new Cancellation(), call);
}

function wrong(what: Checked['what'], text: string, mend: string): Checked {
  return { what, outcome: 'wrong', text, mend };
}

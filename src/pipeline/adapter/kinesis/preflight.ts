/**
 * Asks Kinesis at the start whether each stream of the options would take a record, without writing one, and tells
 * the log what is wrong and what mends it. Nothing is held up by it: what is wrong then shows in the stream itself,
 * which pauses and keeps its records.
 *
 * The rule: only AWS itself is asked. Emulators ignore `DryRun` and write the record.
 */
import type { Cancellation } from '../../../base/cancellation.ts';
import type { AdapterContext } from '../adapter.ts';
import { withDeadline } from './deadline.ts';
import { type Failure, failureOf } from './failure.ts';
import type { KinesisSettings } from './options.ts';
import { streamTarget } from './stream-target.ts';
import type { Transport } from './transport.ts';

/** Resolves when every stream has answered or has not in time. Never rejects. */
export async function preflight(
  settings: KinesisSettings,
  transport: Transport,
  context: AdapterContext,
  end: Cancellation,
): Promise<void> {
  const { endpoint, streams, requestTimeoutMs } = settings;
  const { logger, recordType, clock } = context;
  if (endpoint !== undefined && !isAws(endpoint)) {
    logger.info(
      { recordType, endpoint },
      `preflight is left out: ${endpoint} is not AWS, and would write the record that is not to be written`,
    );
    return;
  }
  const checks = Object.entries(streams).map(async ([stream, text]) => {
    const target = streamTarget(text);
    if (target === null) return;
    try {
      await withDeadline(clock, requestTimeoutMs, end, (limited) => transport.dryRun(target, limited));
      logger.debug(
        { recordType, stream, target: text },
        `preflight: stream '${stream}' (${text}) takes records`,
      );
    } catch (thrown) {
      if (end.cancelled) return;
      const failure = failureOf(thrown);
      const { code, message } = failure === 'bug' ? { code: 'Bug', message: String(thrown) } : failure;
      const mend = failure === 'bug' ? 'this is a bug of the adapter' : mendOf(failure);
      logger.error(
        { recordType, stream, target: text, code },
        `preflight: stream '${stream}' (${text}) takes no records: ${code}: ${message}; ${mend}`,
      );
    }
  });
  await Promise.all(checks);
}

export function isAws(endpoint: string): boolean {
  return /(^|\.)(amazonaws\.com|amazonaws\.com\.cn|api\.aws)$/.test(new URL(endpoint).hostname);
}

const MENDS: readonly (readonly [codes: RegExp, mend: string])[] = [
  [/^ResourceNotFound/, 'create the stream, correct its name or the region, or set createStreams'],
  [/^ResourceInUse/, 'wait until the stream is active'],
  [/^KMS/, "enable the stream's key, and allow kms:GenerateDataKey on it to these credentials"],
  [
    /^(AccessDenied|NotAuthorized|OptInRequired)/,
    'allow kinesis:PutRecords on the stream to these credentials',
  ],
  [
    /Token|Credentials|Signature|UnrecognizedClient|InvalidClientTokenId/,
    'renew the credentials, or give kinesis() a function that does',
  ],
  [/CERT|SIGNED|SIGNATURE/, 'give the certificate of whoever signs it as http.ca'],
  [
    /^(ENOTFOUND|ECONN|ETIMEDOUT|EHOST|ENET|EAI_AGAIN|TimeoutError)/,
    'check the region, the endpoint and the way to it',
  ],
];

/** What somebody can do about it. */
export function mendOf({ code }: Failure): string {
  const found = MENDS.find(([codes]) => codes.test(code));
  return found === undefined ? 'it is tried again with what is sent' : found[1];
}

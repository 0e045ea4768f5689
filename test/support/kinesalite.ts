/** One embedded Kinesis for all suites of a test run; each test makes a stream of its own in it. */
import { type EmbeddedKinesis, startEmbeddedKinesis } from '../../scripts/embedded-kinesis.ts';

let running: Promise<EmbeddedKinesis> | null = null;
let streams = 0;

/** Starts it on the first call. It ends with the test run, because it never outlives its parent. */
export function embeddedKinesis(): Promise<EmbeddedKinesis> {
  running ??= startEmbeddedKinesis();
  return running;
}

/** A name that no other test uses. */
export function newStreamName(): string {
  streams++;
  return `stream-${process.pid}-${streams}`;
}

export async function newStream(shards = 1): Promise<string> {
  const name = newStreamName();
  await (await embeddedKinesis()).createStream(name, shards);
  return name;
}

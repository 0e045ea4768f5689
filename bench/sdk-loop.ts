/**
 * The yardstick of delivery: the AWS SDK on one thread, without any of what beamline does beside it. It sends the same
 * batches with as many requests in flight, and looks at nothing but the number of failed records.
 */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { KinesisClient, PutRecordsCommand, type PutRecordsRequestEntry } from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { check } from './scenario.ts';

export const BATCH = 500;
/** As many as the adapter has by default. */
export const IN_FLIGHT = 16;

export const CREDENTIALS = { accessKeyId: 'bench', secretAccessKey: 'bench' };
export const REGION = 'eu-west-1';

/** With kept connections, as beamline has them; or `default`: what the SDK does unless told otherwise. */
export function sdkClient(endpoint: string, handler: 'keep_alive' | 'default' = 'keep_alive'): KinesisClient {
  const agent = { keepAlive: true, maxSockets: IN_FLIGHT };
  return new KinesisClient({
    region: REGION,
    endpoint,
    credentials: CREDENTIALS,
    maxAttempts: 1,
    ...(handler === 'default'
      ? {}
      : {
          requestHandler: new NodeHttpHandler({
            httpAgent: new HttpAgent(agent),
            httpsAgent: new HttpsAgent(agent),
          }),
        }),
  });
}

/** Sends the batches 0 to `batches`, each to all the streams that `requestsOf` names, one after the other. */
export async function sdkLoop(
  client: KinesisClient,
  batches: number,
  requestsOf: (batch: number) => readonly (readonly [stream: string, records: PutRecordsRequestEntry[]])[],
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < batches) {
      for (const [StreamName, Records] of requestsOf(next++)) {
        const { FailedRecordCount } = await client.send(new PutRecordsCommand({ StreamName, Records }));
        check(FailedRecordCount === 0, 'the sink refused a record');
      }
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
}

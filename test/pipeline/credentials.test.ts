import { isMainThread, threadId } from 'node:worker_threads';
import { expect } from 'chai';
import { kinesis } from '../../src/index.ts';
import { type FaultRule, startKinesisSimulator } from '../../src/testing/index.ts';
import { Partitioned } from './fixtures/partitioned.ts';
import { stage } from './support/application.ts';

const EXPIRED: readonly FaultRule[] = [
  { fault: { type: 'error', code: 'ExpiredTokenException', commit: 'before' } },
];

describe('Credentials from a function', () => {
  const scene = stage();

  it('that assumed a role and expires in mid-run is asked again, on the main thread; nothing is lost', async () => {
    const simulator = await startKinesisSimulator({ streams: { partitioned: 2 }, limits: false });
    try {
      const asked: { readonly thread: number; readonly main: boolean }[] = [];
      // The shape of what fromTemporaryCredentials({ params: { RoleArn } }) of @aws-sdk/credential-providers gives.
      const credentials = async () => {
        asked.push({ thread: threadId, main: isMainThread });
        // Those that are asked for again are good.
        if (asked.length > 1) simulator.setFaults([]);
        return {
          accessKeyId: 'temporary',
          secretAccessKey: 'secret',
          sessionToken: `token ${asked.length}`,
          expiration: new Date(Date.now() + 3_600_000),
          accountId: '111122223333',
        };
      };
      const arn = 'arn:aws:kinesis:us-east-1:111122223333:stream/partitioned';
      const { endpoint, region } = simulator;
      const app = await scene.start({
        adapter: kinesis({
          endpoint,
          region,
          credentials,
          streams: { partitioned: arn },
          probeBackoff: { initialMs: 10, maxMs: 20 },
        }),
      });
      await Partitioned.recordAndConfirm({ key: 'a', n: 1 }, { until: 'delivered' });
      expect(asked).to.have.length(1);
      simulator.setFaults(EXPIRED);
      for (let n = 2; n <= 20; n++) Partitioned.record({ key: 'a', n });
      expect(await app.flush()).to.include({ accepted: 20, delivered: 20, pending: 0 });
      expect(asked).to.deep.equal(
        Array.from({ length: 2 }, () => ({ thread: threadId, main: isMainThread })),
      );
      expect(simulator.oracle.counts().recordsCommitted).to.equal(20);
    } finally {
      await simulator.stop();
    }
  });
});

import { expect } from 'chai';
import { Cancellation } from '../../../src/base/cancellation.ts';
import { type KinesisOptions, kinesisSchema } from '../../../src/pipeline/adapter/kinesis/options.ts';
import { mendOf, preflight } from '../../../src/pipeline/adapter/kinesis/preflight.ts';
import { SdkTransport } from '../../../src/pipeline/adapter/kinesis/sdk-transport.ts';
import type { Transport } from '../../../src/pipeline/adapter/kinesis/transport.ts';
import { parseOptions } from '../../../src/pipeline/adapter/options.ts';
import { ManualClock, SimulatedKinesis, startKinesisSimulator } from '../../../src/testing/index.ts';
import { check } from '../check.ts';
import { never, testContext } from '../context.ts';

async function fly(transport: Transport, options: KinesisOptions) {
  const context = testContext({ clock: new ManualClock() });
  await preflight(parseOptions('kinesis()', kinesisSchema, options), transport, context, new Cancellation());
  return context.log.map(({ level, message }) => `${level} ${message}`);
}

describe('kinesis adapter: preflight', () => {
  const streams = { signup: 'prod-signup', master: 'prod-master' };

  it('says of each stream whether it takes records, what is wrong and what mends it, and writes nothing', async () => {
    const simulator = new SimulatedKinesis({ streams: { 'prod-signup': 1 } }, new ManualClock());
    expect((await fly(simulator.transport(), { streams })).sort()).to.deep.equal([
      "debug preflight: stream 'signup' (prod-signup) takes records",
      "error preflight: stream 'master' (prod-master) takes no records: ResourceNotFoundException: Stream prod-master " +
        'under account 111122223333 not found.; create the stream, correct its name or the region, or set createStreams',
    ]);
    expect(simulator.oracle.records('prod-signup')).to.deep.equal([]);
  });

  it('asks AWS itself and nobody else', async () => {
    const simulator = new SimulatedKinesis(
      { streams: { 'prod-signup': 1, 'prod-master': 1 } },
      new ManualClock(),
    );
    const asked = async (endpoint: string) => {
      const lines = await fly(simulator.transport(), { streams, endpoint });
      return lines.some((line) => line.includes('takes records'));
    };
    expect(await asked('https://kinesis.eu-west-1.amazonaws.com')).to.equal(true);
    expect(await asked('https://vpce-1.kinesis.eu-west-1.vpce.amazonaws.com')).to.equal(true);
    expect(await asked('http://127.0.0.1:4567')).to.equal(false);
    expect(await asked('https://amazonaws.com.example')).to.equal(false);
    expect(simulator.oracle.counts().recordsCommitted).to.equal(0);
  });

  it('makes a dry run of the AWS SDK, whose answer is an error either way', async () => {
    const simulator = await startKinesisSimulator({ streams: { there: 1 } });
    const { endpoint, region, credentials } = simulator;
    const settings = parseOptions('kinesis()', kinesisSchema, { endpoint, region, credentials });
    const transport = await SdkTransport.open(settings, testContext());
    await transport.dryRun({ type: 'name', name: 'there' }, never);
    const missing = await transport
      .dryRun({ type: 'name', name: 'missing' }, never)
      .catch((error: Error) => error.name);
    expect(missing).to.equal('ResourceNotFoundException');
    expect(simulator.oracle.counts().recordsCommitted).to.equal(0);
    transport.close();
    await simulator.stop();
  });

  check(
    (code: string) => mendOf({ code, message: '', verdict: 'pause' }),
    [
      {
        name: 'a permission',
        given: 'AccessDeniedException',
        expected: 'allow kinesis:PutRecords on the stream to these credentials',
      },
      {
        name: 'a key',
        given: 'KMSDisabledException',
        expected: "enable the stream's key, and allow kms:GenerateDataKey on it to these credentials",
      },
      {
        name: 'credentials',
        given: 'ExpiredTokenException',
        expected: 'renew the credentials, or give kinesis() a function that does',
      },
      {
        name: 'a certificate',
        given: 'DEPTH_ZERO_SELF_SIGNED_CERT',
        expected: 'give the certificate of whoever signs it as http.ca',
      },
      {
        name: 'the network',
        given: 'ENOTFOUND',
        expected: 'check the region, the endpoint and the way to it',
      },
      {
        name: 'what passes by itself',
        given: 'InternalFailure',
        expected: 'it is tried again with what is sent',
      },
    ],
  );
});

/**
 * A Kinesis to test against: the real limits, the real answers, and every way to fail that the real one has, when
 * and as often as the test says.
 *
 *     const simulator = await startKinesisSimulator({ streams: { signup: 4 } });
 *     const app = await Application.start({ adapter: kinesis({ endpoint: simulator.endpoint, ... }) });
 *     ...
 *     simulator.oracle.records('signup');
 *     await simulator.stop();
 */
import { type Clock, systemClock } from '../../base/clock.ts';
import type { Transport } from '../../pipeline/adapter/kinesis/transport.ts';
import { KinesisCore } from './core.ts';
import type { FaultRule } from './faults.ts';
import { HttpShell } from './http-shell.ts';
import { type KinesisSimulatorOptions, settingsOf } from './options.ts';
import type { Oracle } from './oracle.ts';
import { SimulatedTransport } from './simulated-transport.ts';
import type { StreamSettings } from './stream.ts';

/** What can be asked of a simulated Kinesis and done to it while it runs. */
export class SimulatedKinesis {
  readonly #core: KinesisCore;
  readonly #clock: Clock;

  /** On a clock of one's own and without a wire: see `transport`. */
  constructor(options: KinesisSimulatorOptions, clock: Clock) {
    this.#core = new KinesisCore(settingsOf(options), clock);
    this.#clock = clock;
  }

  get oracle(): Oracle {
    return this.#core.oracle;
  }

  /** What goes wrong from here on; an empty list ends all trouble. */
  setFaults(faults: readonly FaultRule[]): void {
    this.#core.faults = faults;
  }

  createStream(name: string, given: number | Partial<StreamSettings> = 1): void {
    this.#core.createStream(name, given);
  }

  deleteStream(name: string): void {
    this.#core.deleteStream(name);
  }

  /** Closes the open shards of a stream and opens this many, of even ranges. */
  reshard(stream: string, shards: number): void {
    this.#core.reshard(stream, shards);
  }

  /** This Kinesis behind the adapter's transport port. Each call gives a connection of its own. */
  transport(): Transport {
    return new SimulatedTransport(this.#core, this.#clock);
  }

  /** Opens it to the wire, on a loopback port (0: any that is free). */
  listen(port = 0): Promise<HttpShell> {
    return HttpShell.start(this.#core, this.#clock, port);
  }
}

export interface RunningKinesis extends SimulatedKinesis {
  /** For `kinesis({ endpoint, region, credentials })`. */
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Ends it, and every connection to it. */
  stop(): Promise<void>;
}

/** Starts a Kinesis on a loopback port, on the system's clock. */
export async function startKinesisSimulator(
  options: KinesisSimulatorOptions & { readonly port?: number } = {},
): Promise<RunningKinesis> {
  const simulated = new SimulatedKinesis(options, systemClock);
  const shell = await simulated.listen(options.port);
  return Object.assign(simulated, {
    endpoint: shell.endpoint,
    region: options.region ?? 'us-east-1',
    credentials: { accessKeyId: 'simulated', secretAccessKey: 'simulated' },
    stop: () => shell.stop(),
  });
}

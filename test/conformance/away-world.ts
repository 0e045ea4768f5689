/** The second thread's part of a scenario: its processes do here what they do, and ask the main thread for the rest. */
import type { ExitReason } from '../../src/otp/exit-reason.ts';
import { OperationFailed } from '../../src/otp/exit-reason.ts';
import type { Destination, NodeId, Pid } from '../../src/otp/pid.ts';
import { via } from '../../src/otp/pid.ts';
import type { Process } from '../../src/otp/process.ts';
import type { Parent, Runtime } from '../../src/otp/runtime.ts';
import type { StartResult } from '../../src/otp/start.ts';
import type { RemoteControl } from '../../src/threads/control-lane.ts';
import type { Awaitable } from './awaitable.ts';
import type { HomeControl } from './control.ts';
import type { Json, Observation, Reference, Spec, SpecType, SupervisorReference } from './format.ts';
import { type Names, namesAt } from './names.ts';
import { isLeaf, type LeafSpec, startLeaf } from './start-leaf.ts';
import { Terms } from './term.ts';
import type { Incarnation, World } from './world.ts';

export class AwayWorld implements World {
  readonly runtime: Runtime;
  readonly names: Names;
  readonly terms = new Terms((pid) => this.#known.get(pid.key)?.name ?? 'other');
  readonly #home: RemoteControl<HomeControl>;
  readonly #declared = new Map<string, { readonly type: SpecType; readonly argument: Json | undefined }>();
  readonly #known = new Map<number, Incarnation>();
  /** Those who wait to hear who a process is, by its pid: itself, and its starter. */
  readonly #waiting = new Map<number, ((incarnation: Incarnation) => void)[]>();

  constructor(runtime: Runtime, home: RemoteControl<HomeControl>, homeNode: NodeId) {
    this.runtime = runtime;
    this.names = namesAt(homeNode);
    this.#home = home;
    runtime.observers.add({
      spawned: ({ pid, label }) => {
        const declared = label === undefined ? undefined : this.#declared.get(label);
        if (label !== undefined && declared !== undefined)
          void home.born(pid, label, declared.type, declared.argument);
      },
      ended: ({ pid }: Process, reason: ExitReason) => void home.ended(pid, reason),
    });
  }

  introduce(pid: Pid, incarnation: Incarnation): void {
    this.#known.set(pid.key, incarnation);
    for (const tell of this.#waiting.get(pid.key) ?? []) tell(incarnation);
    this.#waiting.delete(pid.key);
  }

  /** Ends all processes and forgets the scenario. */
  clear(): void {
    for (const process of [...this.runtime.processes]) process.end('killed');
    this.#declared.clear();
    this.#known.clear();
    this.#waiting.clear();
  }

  declare(label: string, type: SpecType, argument: Json | undefined): void {
    this.#declared.set(label, { type, argument });
  }

  incarnation(pid: Pid): Awaitable<Incarnation> {
    const known = this.#known.get(pid.key);
    if (known !== undefined) return known;
    return new Promise((resolve) => {
      this.#waiting.set(pid.key, [...(this.#waiting.get(pid.key) ?? []), resolve]);
    });
  }

  resolve(reference: Reference, self?: Process): Awaitable<Destination | undefined> {
    if (typeof reference === 'object') {
      return this.names.destination(
        'name' in reference ? reference.name : via(reference.via[0], reference.via[1]),
      );
    }
    return reference === 'self' && self !== undefined ? self.pid : this.#home.find(reference);
  }

  observe(...observation: Observation): void {
    void this.#home.observe(observation);
  }

  async start(parent: Process, spec: Spec, argument?: Json): Promise<StartResult> {
    if (!isLeaf(spec)) return parent.within(this.#home.start(parent.pid, spec, argument));
    const result = await startLeaf(this, parent, spec, argument);
    // A task is handed to its starter at once.
    if (result.type === 'ok') await this.incarnation(result.pid);
    return result;
  }

  /** Starts a leaf for a process of the main thread. */
  startFor(parent: Parent, spec: LeafSpec, argument: Json | undefined): Promise<StartResult> {
    return startLeaf(this, parent, spec, argument);
  }

  async startChild(
    caller: Process,
    supervisor: SupervisorReference,
    spec: Spec | undefined,
    argument: Json | undefined,
  ): Promise<string> {
    const outcome = await caller.within(this.#home.startChild(supervisor, spec, argument));
    if (outcome.type === 'failed') throw new OperationFailed('call', outcome.reason);
    return outcome.text;
  }
}

/** A process that does what it is told, from outside or by a message, and keeps what it hears. */
import type { Ref } from '../../../src/otp/envelope.ts';
import { type ExitReason, exit, reasonOf } from '../../../src/otp/exit-reason.ts';
import { type GenServer, type Request, serverBehaviour } from '../../../src/otp/gen-server.ts';
import type { Pid } from '../../../src/otp/pid.ts';
import type { Process } from '../../../src/otp/process.ts';
import { noreply, ok, reply } from '../../../src/otp/result.ts';
import type { Runtime } from '../../../src/otp/runtime.ts';

export interface Letter {
  readonly type: 'letter';
  readonly from: number;
  readonly number: number;
}

interface PuppetSpec {
  readonly argument: Puppet;
  readonly state: undefined;
  readonly call:
    | Request<{ readonly type: 'echo'; readonly value: number }, number>
    | Request<{ readonly type: 'never' }, never>
    | Request<{ readonly type: 'crash' }, never>;
  readonly info: Letter;
}

const module = (trapExit: boolean): GenServer<PuppetSpec> => ({
  trapExit,
  init: () => ok(undefined),
  handleCall: {
    echo: ({ value }, state) => reply(value, state),
    never: (_message, state) => noreply(state),
    crash: () => exit('crashed'),
  },
  handleInfo(message, state, self) {
    const puppet = puppets.get(self);
    if (!self.alive) puppet?.faults.push('a message to the dead');
    if (message.type === 'letter') puppet?.letters.push(message);
    if (message.type === 'DOWN') puppet?.downs.push(message.ref);
    return noreply(state);
  },
});

const puppets = new WeakMap<Process, Puppet>();

export class Puppet {
  readonly process: Process;
  readonly letters: Letter[] = [];
  readonly downs: Ref[] = [];
  readonly faults: string[] = [];
  /** Its monitors, and what became of each. */
  readonly monitors: { readonly ref: Ref; readonly target: Pid; state: 'set' | 'given up' | 'flushed' }[] =
    [];

  constructor(runtime: Runtime, trapExit: boolean) {
    this.process = runtime.spawn(serverBehaviour(module(trapExit), this));
    puppets.set(this.process, this);
  }

  get pid(): Pid {
    return this.process.pid;
  }

  get alive(): boolean {
    return this.process.alive;
  }

  /** Does something as if in a callback of its own: what it throws ends it. */
  act(action: (self: Process) => void): void {
    if (!this.alive) return;
    try {
      action(this.process);
    } catch (thrown) {
      this.process.end(reasonOf(thrown));
    }
  }

  monitor(target: Pid): void {
    this.act((self) => this.monitors.push({ ref: self.monitor(target), target, state: 'set' }));
  }

  demonitor(index: number, how: 'given up' | 'flushed'): void {
    const monitor = this.monitors[index % Math.max(1, this.monitors.length)];
    if (monitor === undefined) return;
    this.act((self) => {
      self.demonitor(monitor.ref, { flush: how === 'flushed' });
      monitor.state = how;
    });
  }

  exit(to: Pid, reason: ExitReason): void {
    this.act((self) => self.exit(to, reason));
  }
}

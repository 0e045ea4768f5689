/**
 * One living process that runs scripts: what its scripts have set up (tasks, timers, monitors, subscriptions), and
 * the turn it is in. A turn is one callback: its script says what the callback is to return. Actions that do not
 * have to wait run within the callback itself; the rule of the orphaned callback holds before every action: a
 * process that has ended does nothing any more.
 */
import type { Ref, ReplyTo } from '../../src/otp/envelope.ts';
import { Exit, type ExitReason } from '../../src/otp/exit-reason.ts';
import type { Process } from '../../src/otp/process.ts';
import type { Subscription } from '../../src/otp/stage/messages.ts';
import type { Task } from '../../src/otp/task.ts';
import { act } from './actions.ts';
import type { Json, Script } from './format.ts';
import type { Incarnation, World } from './world.ts';

/** What the script of one callback has set. */
export interface Turn {
  /** The state value; becomes the process's own when the callback returns. */
  value: Json;
  /** Who called, in a call. */
  readonly from: ReplyTo | undefined;
  answer: { readonly value: Json } | undefined;
  noreply: boolean;
  stop: ExitReason | undefined;
  ignore: boolean;
  garbage: { readonly value: Json } | undefined;
  continue: string | undefined;
  timeoutMs: number | undefined;
  events: Json[];
  /** A task's value. */
  returned: Json;
}

export class Actor {
  readonly world: World;
  readonly self: Process;
  readonly name: string;
  /** Its incarnation's number. */
  readonly number: number;
  /** The newest of each label. */
  readonly tasks = new Map<string, Task>();
  readonly timers = new Map<string, Ref>();
  /** By what is watched, oldest first. */
  readonly monitors = new Map<string, Ref[]>();
  /** By the producer's pid. */
  readonly subscriptions = new Map<number, Subscription>();
  /** The caller that `save_from` remembers. */
  saved: ReplyTo | undefined = undefined;
  turn: Turn = newTurn(null, undefined);

  constructor(world: World, self: Process, { name, number }: Incarnation) {
    this.world = world;
    this.self = self;
    this.name = name;
    this.number = number;
  }

  /** Runs the script of one callback and makes what the callback returns. */
  take<Returned>(
    value: Json,
    script: Script | undefined,
    finish: (turn: Turn) => Returned,
    from?: ReplyTo,
  ): Returned | Promise<Returned> {
    const turn = newTurn(value, from);
    this.turn = turn;
    const pending = this.run(script ?? []);
    return pending === undefined ? finish(turn) : pending.then(() => finish(turn));
  }

  run(script: Script, first = 0): undefined | Promise<undefined> {
    for (let i = first; i < script.length; i++) {
      this.assertAlive();
      const pending = act(this, script[i] as Script[number]);
      if (pending !== undefined) return pending.then(() => this.run(script, i + 1));
    }
    return undefined;
  }

  /** Records something about itself. */
  observe(kind: string, ...rest: readonly Json[]): void {
    this.assertAlive();
    this.world.observe(kind, this.name, ...rest);
  }

  assertAlive(): void {
    if (!this.self.alive) throw new Exit('killed');
  }
}

function newTurn(value: Json, from: ReplyTo | undefined): Turn {
  return {
    value,
    from,
    answer: undefined,
    noreply: false,
    stop: undefined,
    ignore: false,
    garbage: undefined,
    continue: undefined,
    timeoutMs: undefined,
    events: [],
    returned: null,
  };
}

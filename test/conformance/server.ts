/** A worker's spec as a GenServer's module, and what stages have in common with it. */
import type { ReplyTo, SystemMessage } from '../../src/otp/envelope.ts';
import type { ExitReason } from '../../src/otp/exit-reason.ts';
import type { GenServer } from '../../src/otp/gen-server.ts';
import type { Process } from '../../src/otp/process.ts';
import {
  type CallResult,
  type InitResult,
  ignore,
  noreply,
  ok,
  type Result,
  refuse,
  reply,
  stop,
  type Then,
} from '../../src/otp/result.ts';
import { Actor, type Turn } from './actor.ts';
import { after } from './awaitable.ts';
import type { Json, Script, ServerSpec, WorkerSpec } from './format.ts';
import type { World } from './world.ts';

/** Actions for the process that gets this message. */
export interface Do {
  readonly type: 'do';
  readonly script: Script;
}

/** The types of every scripted server: its state is the state value. */
export interface Scripted {
  readonly argument: Json | undefined;
  readonly state: Json;
  readonly call: Do;
  readonly cast: Do;
  readonly info: unknown;
  readonly continue: string;
}

/** One server while it lives: its spec, its actor, and what becomes of the events that its scripts emit. */
export class ScriptedServer<Spec extends ServerSpec = ServerSpec> {
  readonly spec: Spec;
  actor!: Actor;
  readonly #world: World;
  readonly #outgoing: (events: readonly Json[]) => readonly Json[];

  constructor(
    world: World,
    spec: Spec,
    outgoing: (events: readonly Json[]) => readonly Json[] = (events) => events,
  ) {
    this.#world = world;
    this.spec = spec;
    this.#outgoing = outgoing;
  }

  /** The callbacks that every scripted server has. */
  module(): GenServer<Scripted> {
    return {
      trapExit: this.spec.trap_exit ?? false,
      init: (argument, self) => this.#init(argument, self),
      handleCall: {
        do: ({ script }, value, from) =>
          this.actor.take(value, script, (turn) => this.#callResult(turn), from as ReplyTo),
      },
      handleCast: ({ script }, value) => this.run(value, script),
      handleInfo: (message, value) => this.#info(message, value),
      handleContinue: (tag, value) => {
        this.actor.observe('continue', tag);
        return this.run(value, 'on_continue' in this.spec ? this.spec.on_continue?.[tag] : undefined);
      },
      terminate: (reason, value) => this.#terminate(reason, value),
    };
  }

  /** A callback that answers nobody: its script, and `extra` events behind those that the script emits. */
  run(
    value: Json,
    script: Script | undefined,
    extra: () => readonly Json[] = () => [],
  ): Result<Json> | Promise<Result<Json>> {
    return this.actor.take(value, script, (turn) => this.#result(turn, extra()));
  }

  #init(argument: Json | undefined, self: Process): InitResult<Json> | Promise<InitResult<Json>> {
    return after(this.#world.incarnation(self.pid), (incarnation) => {
      this.actor = new Actor(this.#world, self, incarnation);
      return this.#initialise(argument);
    });
  }

  #initialise(argument: Json | undefined): InitResult<Json> | Promise<InitResult<Json>> {
    const { terms } = this.#world;
    this.actor.observe('init', ...(argument === undefined ? [] : [terms.value(argument)]));
    const { init, init_at: at, value = 0 } = this.spec;
    return this.actor.take(value, at?.[String(this.actor.number)] ?? init, (turn) => {
      if (turn.garbage !== undefined) return turn.garbage.value as unknown as InitResult<Json>;
      if (turn.ignore) return ignore();
      return turn.stop === undefined ? ok(turn.value, this.#then(turn, [])) : refuse(turn.stop);
    });
  }

  #info(message: unknown, value: Json): Result<Json> | Promise<Result<Json>> {
    const { actor, spec } = this;
    const { terms } = this.#world;
    if (isMessage<Do>(message, 'do')) return this.run(value, message.script);
    if (isMessage<System<'EXIT'>>(message, 'EXIT')) {
      actor.observe('EXIT', terms.text(message.from), terms.reason(message.reason));
      return this.run(value, spec.on_exit);
    }
    if (isMessage<System<'DOWN'>>(message, 'DOWN')) {
      actor.observe('DOWN', terms.watched(message.target), terms.reason(message.reason));
      return this.run(value, 'on_down' in spec ? spec.on_down : undefined);
    }
    if (isMessage<System<'timeout'>>(message, 'timeout')) {
      actor.observe('timeout');
      return this.run(value, 'on_timeout' in spec ? spec.on_timeout : undefined);
    }
    const text = terms.text(message);
    actor.observe('info', text);
    return this.run(value, spec.on_info?.[text]);
  }

  #terminate(reason: ExitReason, value: Json): void | Promise<void> {
    this.actor.observe('terminate', this.#world.terms.reason(reason));
    return this.actor.take(value, this.spec.terminate, () => undefined);
  }

  #callResult(turn: Turn): CallResult<Json, Json> {
    if (turn.garbage !== undefined || turn.stop !== undefined || turn.noreply) return this.#result(turn, []);
    return reply(turn.answer === undefined ? 'ok' : turn.answer.value, turn.value, this.#then(turn, []));
  }

  #result(turn: Turn, extra: readonly Json[]): Result<Json> {
    if (turn.garbage !== undefined) return turn.garbage.value as unknown as Result<Json>;
    if (turn.stop !== undefined) return stop(turn.stop, turn.value, turn.answer);
    return noreply(turn.value, this.#then(turn, extra));
  }

  #then(turn: Turn, extra: readonly Json[]): Then {
    const events = this.#outgoing([...turn.events, ...extra]);
    return {
      ...(turn.continue === undefined ? {} : { continue: turn.continue }),
      ...(turn.timeoutMs === undefined ? {} : { timeoutMs: turn.timeoutMs }),
      ...(events.length === 0 ? {} : { events }),
    };
  }
}

/** A worker, with the fields that its argument replaces. */
export function workerModule(
  world: World,
  spec: WorkerSpec,
  argument: Json | undefined,
): GenServer<Scripted> {
  const replaced = argument === undefined ? undefined : spec.by_arg?.[world.terms.text(argument)];
  return new ScriptedServer(world, { ...spec, ...replaced }).module();
}

type System<Type> = Extract<SystemMessage, { readonly type: Type }>;

function isMessage<Message extends { readonly type: string }>(
  message: unknown,
  type: Message['type'],
): message is Message {
  return typeof message === 'object' && message !== null && 'type' in message && message.type === type;
}

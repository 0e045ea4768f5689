/** What each action of a script does (FORMAT.md, section 4): one function each, in the format's own words. */
import { Exit } from '../../src/otp/exit-reason.ts';
import { type Destination, formatDestination, type Pid } from '../../src/otp/pid.ts';
import { ask, cancel } from '../../src/otp/stage/consumer.ts';
import {
  awaitMany,
  awaitTask,
  shutdownTask,
  startAsync,
  type Task,
  yieldMany,
  yieldTask,
} from '../../src/otp/task.ts';
import { asyncStream } from '../../src/otp/task-stream.ts';
import type { Actor } from './actor.ts';
import { type Awaitable, after } from './awaitable.ts';
import { SCRIPT_FIELDS } from './check.ts';
import type { Action, ActionName, Json, Reference, Spec } from './format.ts';
import { startText } from './start-text.ts';
import { runTask, streamScript } from './task.ts';
import { parseReason } from './term.ts';
import { UNKNOWN } from './world.ts';

type Arguments<Name> =
  Extract<Action, readonly [Name, ...unknown[]]> extends readonly [unknown, ...infer Rest] ? Rest : never;
type Handlers = {
  readonly [Name in ActionName]: (
    actor: Actor,
    ...given: Arguments<Name>
  ) => void | Promise<undefined> | Promise<void>;
};

/** Does one action of the process's current callback; a promise when it has to wait. */
export function act(actor: Actor, action: Action): undefined | Promise<void> {
  const [name, ...given] = action;
  const handler = HANDLERS[name] as (actor: Actor, ...given: readonly unknown[]) => undefined | Promise<void>;
  return handler(actor, ...given);
}

const HANDLERS: Handlers = {
  log: (actor, text) => actor.observe('log', text),
  sleep: (actor, ms) => actor.self.sleep(ms),

  // -- what the callback returns -----------------------------------------------------------------------------

  reply: ({ turn }, value) => {
    turn.answer = { value };
  },
  get: ({ turn }) => {
    turn.answer = { value: turn.value };
  },
  noreply: ({ turn }) => {
    turn.noreply = true;
  },
  save_from: (actor) => {
    actor.turn.noreply = true;
    actor.saved = actor.turn.from;
  },
  reply_saved: ({ self, saved }, value) => {
    if (saved !== undefined) self.reply(saved, value);
  },
  stop: ({ turn }, reason) => {
    turn.stop = parseReason(reason);
  },
  ignore: ({ turn }) => {
    turn.ignore = true;
  },
  bad_return: ({ turn }, value) => {
    turn.garbage = { value };
  },
  raise: (_actor, message) => {
    throw new Error(message);
  },
  exit: (_actor, reason) => {
    throw new Exit(parseReason(reason));
  },
  continue: ({ turn }, tag) => {
    turn.continue = tag;
  },
  timeout: ({ turn }, ms) => {
    turn.timeoutMs = ms;
  },
  put: ({ turn }, value) => {
    turn.value = value;
  },
  incr: ({ turn }) => {
    turn.value = Number(turn.value) + 1;
  },
  emit: ({ turn }, events) => {
    turn.events.push(...events);
  },
  return: ({ turn }, value) => {
    turn.returned = value;
  },

  // -- other processes ---------------------------------------------------------------------------------------

  trap_exit: ({ self }, trap) => {
    self.trapExit = trap;
  },
  link: (actor, reference) => withPid(actor, reference, (pid) => actor.self.link(pid)),
  unlink: (actor, reference) => withPid(actor, reference, (pid) => actor.self.unlink(pid)),
  monitor: (actor, reference) =>
    withWatched(actor, reference, (target) => {
      const name = formatDestination(target);
      const refs = actor.monitors.get(name) ?? [];
      actor.monitors.set(name, [...refs, actor.self.monitor(target)]);
    }),
  demonitor: (actor, reference) => demonitor(actor, reference, {}),
  demonitor_flush: (actor, reference) => demonitor(actor, reference, { flush: true }),
  signal: (actor, reference, reason) =>
    withPid(actor, reference, (pid) => actor.self.exit(pid, parseReason(reason))),
  send: (actor, reference, message) => withTarget(actor, reference, (to) => actor.self.send(to, message)),
  cast: (actor, reference, script) =>
    withTarget(actor, reference, (to) => actor.self.cast(to, { type: 'do', script })),
  send_after(actor, ms, message) {
    actor.timers.set(actor.world.terms.text(message), actor.self.sendAfter(ms, message));
  },
  cancel_timer(actor, message) {
    const timer = actor.timers.get(actor.world.terms.text(message));
    if (timer !== undefined) actor.self.cancelTimer(timer);
  },
  async call(actor, reference, script, timeoutMs) {
    const to = await actor.world.resolve(reference, actor.self);
    if (to === undefined) return result(actor, 'call', UNKNOWN);
    const options = timeoutMs === undefined ? {} : { timeoutMs };
    result(actor, 'call', await actor.self.call(to, { type: 'do', script }, options));
  },
  async start(actor, spec) {
    const outcome = await actor.world.start(actor.self, withSelf(spec, actor.name));
    result(actor, 'start', startText(outcome, actor.world.terms));
  },
  async start_child(actor, supervisor, spec) {
    const outcome = await actor.world.startChild(
      actor.self,
      supervisor,
      withSelf(spec, actor.name),
      undefined,
    );
    result(actor, 'start_child', outcome);
  },

  // -- names -------------------------------------------------------------------------------------------------

  register(actor, registry, key, value = null) {
    const { names, terms } = actor.world;
    return done(names.register(actor.self, registry, key, value), (outcome) => {
      const text = outcome.type === 'ok' ? 'ok' : `{error,{already_registered,${terms.text(outcome.pid)}}}`;
      result(actor, 'register', text);
    });
  },
  unregister: (actor, registry, key) =>
    done(actor.world.names.unregister(actor.self, registry, key), () => result(actor, 'unregister', 'ok')),
  update(actor, registry, key, value) {
    const { names, terms } = actor.world;
    return done(names.update(actor.self, registry, key, value), (outcome) => {
      const text = outcome === undefined ? 'error' : `{${terms.text(value)},${terms.text(outcome.before)}}`;
      result(actor, 'update', text);
    });
  },
  register_name: (actor, name) =>
    done(actor.world.names.registerName(actor.self, name), () => result(actor, 'register_name', true)),
  unregister_name: (actor, name) =>
    done(actor.world.names.unregisterName(actor.self, name), () => result(actor, 'unregister_name', true)),

  // -- stages ------------------------------------------------------------------------------------------------

  ask: (actor, producer, count) =>
    withPid(actor, producer, (pid) => {
      const subscription = actor.subscriptions.get(pid.key);
      if (subscription !== undefined) ask(actor.self, subscription, count);
    }),
  cancel: (actor, producer, reason) =>
    withPid(actor, producer, (pid) => {
      const subscription = actor.subscriptions.get(pid.key);
      if (subscription !== undefined) cancel(actor.self, subscription, parseReason(reason));
    }),

  // -- tasks -------------------------------------------------------------------------------------------------

  async(actor, label, script) {
    const { world } = actor;
    world.declare(label, 'task', undefined);
    actor.tasks.set(
      label,
      startAsync(actor.self, (self) => runTask(world, self, () => script), { label }),
    );
  },
  await: async (actor, label, ms) => onTask(actor, 'await', label, (task) => awaitTask(actor.self, task, ms)),
  await_many: async (actor, labels, ms) =>
    result(actor, 'await_many', await awaitMany(actor.self, tasksOf(actor, labels), ms)),
  yield: async (actor, label, ms) => onTask(actor, 'yield', label, (task) => yieldTask(actor.self, task, ms)),
  yield_many: async (actor, labels, ms) =>
    result(actor, 'yield_many', await yieldMany(actor.self, tasksOf(actor, labels), ms)),
  shutdown: async (actor, label, how) =>
    onTask(actor, 'shutdown', label, (task) => shutdownTask(actor.self, task, how)),
  async async_stream(actor, label, items, options) {
    const { world } = actor;
    const { max_concurrency: maxConcurrency, timeout, on_timeout: onTimeout } = options.opts ?? {};
    const outcomes = await asyncStream(
      actor.self,
      items,
      (item, self) => runTask(world, self, streamScript(world, options, item)),
      {
        label(item) {
          const name = `${label}:${world.terms.text(item)}`;
          world.declare(name, 'task', item);
          return name;
        },
        ...(maxConcurrency === undefined ? {} : { maxConcurrency }),
        ...(timeout === undefined
          ? {}
          : { timeoutMs: timeout === 'infinity' ? Number.POSITIVE_INFINITY : timeout }),
        ...(onTimeout === undefined ? {} : { onTimeout }),
      },
    );
    result(actor, 'async_stream', outcomes);
  },

  catch(actor, action) {
    const caught = (thrown: unknown): undefined => {
      if (!actor.self.alive) throw thrown;
      // Linking to the dead is an error of who links, though its reason is the bare `noproc` of an exit.
      const kind = thrown instanceof Exit && action[0] !== 'link' ? 'exit' : 'error';
      actor.observe('caught', action[0], kind, actor.world.terms.failure(thrown));
    };
    try {
      return act(actor, action)?.catch(caught);
    } catch (thrown) {
      return caught(thrown);
    }
  },
};

function result(actor: Actor, action: ActionName, value: unknown): void {
  const json: Json = actor.world.terms.value(value);
  actor.observe('result', action, json);
}

/** What comes after something that another thread may have to be asked for; the process may have ended by then. */
function done<Value>(value: Awaitable<Value>, then: (value: Value) => void): undefined | Promise<undefined> {
  const next = (settled: Value): undefined => void then(settled);
  return value instanceof Promise ? value.then(next) : next(value);
}

/** Where a reference leads; nothing happens when that process was never born. */
function withTarget(
  actor: Actor,
  reference: Reference,
  then: (to: Destination) => void,
): undefined | Promise<undefined> {
  return done(actor.world.resolve(reference, actor.self), (to) => {
    if (to !== undefined) then(to);
  });
}

/** The process that a reference leads to, dead or alive; nothing happens when there is none. */
function withPid(
  actor: Actor,
  reference: Reference,
  then: (pid: Pid) => void,
): undefined | Promise<undefined> {
  const { runtime } = actor.world;
  const found = after(actor.world.resolve(reference, actor.self), (to) =>
    to === undefined ? undefined : runtime.locate(actor.self, to),
  );
  return done(found, (pid) => {
    if (pid !== undefined) then(pid);
  });
}

/** What a monitor is set on: a local name as such, for anything else the process. */
function withWatched(
  actor: Actor,
  reference: Reference,
  then: (target: Destination) => void,
): undefined | Promise<undefined> {
  const byName = typeof reference === 'object' && 'name' in reference;
  return byName ? withTarget(actor, reference, then) : withPid(actor, reference, then);
}

function demonitor(
  actor: Actor,
  reference: Reference,
  options: { readonly flush?: boolean },
): undefined | Promise<undefined> {
  return withWatched(actor, reference, (target) => {
    const ref = actor.monitors.get(formatDestination(target))?.pop();
    if (ref !== undefined) actor.self.demonitor(ref, options);
  });
}

async function onTask(
  actor: Actor,
  action: ActionName,
  label: string,
  operation: (task: Task) => Promise<unknown>,
): Promise<void> {
  const task = actor.tasks.get(label);
  result(actor, action, task === undefined ? UNKNOWN : await operation(task));
}

function tasksOf(actor: Actor, labels: readonly string[]): Task[] {
  return labels.flatMap((label) => actor.tasks.get(label) ?? []);
}

/** The spec with `$self` replaced by a name, outside of its scripts. */
function withSelf(spec: Spec, name: string): Spec {
  const replaced = (value: unknown): unknown => {
    if (typeof value === 'string') return value.replaceAll('$self', name);
    if (Array.isArray(value)) return value.map(replaced);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([field, inner]) => [
        field,
        SCRIPT_FIELDS.has(field) ? inner : replaced(inner),
      ]),
    );
  };
  return replaced(spec) as Spec;
}

/**
 * Refuses what is no scenario: an unknown operation, action or field, a field of the wrong kind. A scenario that
 * passes is complete for the interpreter, which never has to ask twice and never ignores anything silently.
 *
 * The tables follow FORMAT.md: sections 3 (specs), 4 (actions) and 5 (steps). A name that ends in `?` may be left out.
 */
import type { ActionName, Json, OperationName, Scenario, SpecType } from './format.ts';
import {
  type Check,
  dictionary,
  either,
  type Fields,
  FormatError,
  fields,
  flag,
  isObject,
  json,
  list,
  number,
  oneOf,
  partial,
  shown,
  text,
} from './kinds.ts';

// -- actions ---------------------------------------------------------------------------------------------------

const reference: Check = either(text, either(fields({ name: text }), fields({ via: list(json) })));
const supervisor: Check = either(
  reference,
  either(fields({ name: text, kind: text }), fields({ via: list(json), kind: text })),
);
const script: Check = (value, path) => list(action)(value, path);
const scripts = dictionary(script);
const spec: Check = (value, path) => {
  const known = isObject(value) ? SPECS[value.type as SpecType] : undefined;
  if (known === undefined) throw new FormatError(path, `unknown spec type in ${shown(value)}`);
  fields({ type: text, ...known })(value, path);
};
const byArgument = dictionary(fields({ run: script }));

/** The arguments of each action; those after a `null` may be left out. */
const ACTIONS: Readonly<Record<ActionName, readonly (Check | null)[]>> = {
  log: [text],
  sleep: [number],
  reply: [json],
  get: [],
  noreply: [],
  save_from: [],
  reply_saved: [json],
  stop: [text],
  ignore: [],
  bad_return: [json],
  raise: [text],
  exit: [text],
  continue: [text],
  timeout: [number],
  put: [json],
  incr: [],
  trap_exit: [flag],
  link: [reference],
  unlink: [reference],
  monitor: [reference],
  demonitor: [reference],
  demonitor_flush: [reference],
  signal: [reference, text],
  send: [reference, json],
  cast: [reference, script],
  send_after: [number, json],
  cancel_timer: [json],
  call: [reference, script, null, number],
  start: [spec],
  start_child: [supervisor, spec],
  register: [text, json, null, json],
  unregister: [text, json],
  update: [text, json, json],
  register_name: [text],
  unregister_name: [text],
  emit: [list(json)],
  ask: [reference, number],
  cancel: [reference, text],
  async: [text, script],
  await: [text, null, number],
  await_many: [list(text), null, number],
  yield: [text, null, number],
  yield_many: [list(text), null, number],
  shutdown: [text, null, either(number, oneOf('brutal_kill'))],
  async_stream: [
    text,
    list(json),
    fields({
      'opts?': fields({
        'max_concurrency?': number,
        'timeout?': either(number, oneOf('infinity')),
        'on_timeout?': oneOf('exit', 'kill_task'),
      }),
      run: script,
      'by_arg?': byArgument,
    }),
  ],
  return: [json],
  catch: [(value, path) => action(value, path)],
};

function action(value: unknown, path: string): void {
  if (!Array.isArray(value)) throw new FormatError(path, `expected an action, got ${shown(value)}`);
  const [name, ...given] = value as readonly unknown[];
  const known = Object.hasOwn(ACTIONS, name as string) ? ACTIONS[name as ActionName] : undefined;
  if (known === undefined) throw new FormatError(path, `unknown action ${shown(name)}`);
  const required = known.indexOf(null);
  const checks = known.filter((check) => check !== null);
  const least = required === -1 ? checks.length : required;
  if (given.length < least || given.length > checks.length) {
    throw new FormatError(path, `wrong number of arguments in ${shown(value)}`);
  }
  for (const [index, argument] of given.entries()) checks[index]?.(argument, `${path}[${index + 1}]`);
}

// -- specs -----------------------------------------------------------------------------------------------------

const CHILD: Fields = {
  name: text,
  'id?': either(text, number),
  'restart?': oneOf('permanent', 'transient', 'temporary'),
  'shutdown?': either(number, oneOf('brutal_kill', 'infinity')),
  'significant?': flag,
  'register?': text,
  'via?': list(json),
  'info?': json,
};

const SERVER: Fields = {
  ...CHILD,
  'trap_exit?': flag,
  'value?': json,
  'init?': script,
  'init_at?': scripts,
  'terminate?': script,
  'on_info?': scripts,
  'on_exit?': script,
};

const WORKER: Fields = { ...SERVER, 'on_continue?': scripts, 'on_timeout?': script, 'on_down?': script };

const INTENSITY: Fields = { 'max_restarts?': number, 'max_seconds?': number };

const STAGE: Fields = { ...SERVER, 'trace?': list(oneOf('subscribe', 'cancel')), 'on_cancel?': script };

const DEMAND: Fields = {
  to: reference,
  'max_demand?': number,
  'min_demand?': number,
  'cancel?': oneOf('permanent', 'transient', 'temporary'),
};

const SPECS: Readonly<Record<SpecType, Fields>> = {
  worker: { ...WORKER, 'by_arg?': dictionary(partial(WORKER)) },
  supervisor: {
    ...CHILD,
    ...INTENSITY,
    'strategy?': oneOf('one_for_one', 'one_for_all', 'rest_for_one'),
    'auto_shutdown?': oneOf('never', 'any_significant', 'all_significant'),
    children: list(spec),
    'ignore?': flag,
  },
  dynamic_supervisor: { ...CHILD, ...INTENSITY, 'max_children?': number, 'extra?': json, 'ignore?': flag },
  registry: { ...CHILD, keys: oneOf('unique', 'duplicate'), 'listeners?': list(text) },
  task: { ...CHILD, 'trap_exit?': flag, run: script, 'run_at?': scripts, 'by_arg?': byArgument },
  producer: {
    ...STAGE,
    'on_demand?': oneOf('none', 'counter', 'script', 'queue'),
    'from?': number,
    'limit?': number,
    'script?': list(list(json)),
    'buffer_size?': either(number, oneOf('infinity')),
    'buffer_keep?': oneOf('first', 'last'),
    'demand?': oneOf('forward', 'accumulate'),
    'dispatcher?': oneOf('broadcast', 'demand'),
    'on_demand_do?': script,
  },
  consumer: { ...STAGE, 'subscribe_to?': list(fields(DEMAND)), 'manual?': flag, 'on_events?': script },
  consumer_supervisor: { ...CHILD, ...INTENSITY, child: spec, 'subscribe_to?': list(fields(DEMAND)) },
};

// -- steps and files -------------------------------------------------------------------------------------------

const order = oneOf('total', 'process', 'set');
const id = either(text, number);

const OPERATIONS: Readonly<Record<OperationName, Fields>> = {
  start: { spec },
  call: { to: reference, do: script, 'timeout?': number },
  cast: { to: reference, do: script },
  send: { to: reference, 'msg?': json, 'do?': script },
  stop: { to: reference, 'reason?': text, 'timeout?': number },
  exit: { to: reference, reason: text, 'as?': oneOf('parent') },
  start_child: { sup: supervisor, 'spec?': spec, 'arg?': json },
  terminate_child: { sup: supervisor, 'id?': id, 'child?': reference },
  restart_child: { sup: supervisor, id },
  delete_child: { sup: supervisor, id },
  which_children: { sup: supervisor },
  count_children: { sup: supervisor },
  whereis: { of: reference },
  alive: {},
  sleep: { ms: number },
  lookup: { registry: text, key: json },
  match: { registry: text, key: json, value: json },
  keys: { registry: text, of: reference },
  count: { registry: text },
  dispatch: { registry: text, key: json, msg: json },
  subscribe: { consumer: reference, ...DEMAND },
  demand: { to: reference, 'mode?': oneOf('forward', 'accumulate') },
  buffered: { to: reference },
};

const STEP: Fields = {
  op: text,
  'async?': text,
  'settle?': flag,
  'order?': order,
  'exit_order?': flag,
  'within_ms?': number,
};

const step: Check = (value, path) => {
  const op = isObject(value) ? value.op : undefined;
  if (typeof op !== 'string' || !Object.hasOwn(OPERATIONS, op)) {
    throw new FormatError(path, `unknown operation ${shown(op)}`);
  }
  fields({ ...STEP, ...OPERATIONS[op as OperationName] })(value, path);
};

const record = fields({
  'result?': json,
  'within?': flag,
  'log?': list(list(json)),
  'exits?': list(list(text)),
});

const scenario = fields({
  format: oneOf(1),
  group: text,
  name: text,
  why: text,
  level: number,
  needs: list(text),
  'order?': order,
  steps: list(step),
  expected: list(record),
});

/** The scenario that a file holds; throws a `FormatError` when it holds none. */
export function parseScenario(value: Json, path: string): Scenario {
  scenario(value, path);
  const parsed = value as unknown as Scenario;
  if (parsed.steps.length !== parsed.expected.length) {
    throw new FormatError(path, `${parsed.steps.length} steps, but ${parsed.expected.length} records`);
  }
  return parsed;
}

/** The fields of a spec that hold scripts, in whatever type of spec. */
export const SCRIPT_FIELDS: ReadonlySet<string> = new Set(
  Object.values(SPECS)
    .flatMap((known) => Object.entries(known))
    .flatMap(([name, check]) => (check === script || check === scripts ? [name.replace('?', '')] : [])),
);

/**
 * A scenario as it lies in its file: the types of FORMAT.md, sections 1 to 7. What is read is checked against them
 * by `check.ts`; everything behind that relies on them.
 */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export interface Scenario {
  readonly format: 1;
  readonly group: string;
  readonly name: string;
  readonly why: string;
  readonly level: number;
  readonly needs: readonly string[];
  readonly order?: Order;
  readonly steps: readonly Step[];
  readonly expected: readonly StepRecord[];
}

/** How observations are sorted before they are compared. */
export type Order = 'total' | 'process' | 'set';

/** `kind, subject, ...`: the subject is always the second element. */
export type Observation = readonly Json[];

export interface StepRecord {
  readonly result?: Json;
  readonly within?: boolean;
  readonly log?: readonly Observation[];
  readonly exits?: readonly (readonly [string, string])[];
}

/** A label, an incarnation, `self`, a local name, or a key of a registry. */
export type Reference = string | { readonly name: string } | { readonly via: readonly [string, Json] };

/** A supervisor; one that is given by its name may have to say what it is. */
export type SupervisorReference = Reference | ({ readonly kind: SpecType } & Exclude<Reference, string>);

// -- specs -----------------------------------------------------------------------------------------------------

export interface ChildFields {
  readonly name: string;
  readonly id?: string | number;
  readonly restart?: 'permanent' | 'transient' | 'temporary';
  readonly shutdown?: number | 'brutal_kill' | 'infinity';
  readonly significant?: boolean;
  readonly register?: string;
  readonly via?: readonly [string, Json] | readonly [string, Json, Json];
  readonly info?: Json;
}

export interface ServerScripts {
  readonly trap_exit?: boolean;
  readonly value?: Json;
  readonly init?: Script;
  readonly init_at?: Scripts;
  readonly terminate?: Script;
  readonly on_info?: Scripts;
  readonly on_exit?: Script;
}

export interface WorkerSpec extends ChildFields, ServerScripts {
  readonly type: 'worker';
  readonly on_continue?: Scripts;
  readonly on_timeout?: Script;
  readonly on_down?: Script;
  readonly by_arg?: { readonly [argument: string]: Partial<WorkerSpec> };
}

export interface SupervisorSpec extends ChildFields {
  readonly type: 'supervisor';
  readonly strategy?: 'one_for_one' | 'one_for_all' | 'rest_for_one';
  readonly max_restarts?: number;
  readonly max_seconds?: number;
  readonly auto_shutdown?: 'never' | 'any_significant' | 'all_significant';
  readonly children: readonly Spec[];
  readonly ignore?: boolean;
}

export interface DynamicSupervisorSpec extends ChildFields {
  readonly type: 'dynamic_supervisor';
  readonly max_children?: number;
  readonly max_restarts?: number;
  readonly max_seconds?: number;
  readonly extra?: Json;
  readonly ignore?: boolean;
}

export interface RegistrySpec extends ChildFields {
  readonly type: 'registry';
  readonly keys: 'unique' | 'duplicate';
  readonly listeners?: readonly string[];
}

export interface TaskSpec extends ChildFields {
  readonly type: 'task';
  readonly trap_exit?: boolean;
  readonly run: Script;
  readonly run_at?: Scripts;
  readonly by_arg?: { readonly [argument: string]: { readonly run: Script } };
}

export type StageTrace = 'subscribe' | 'cancel';

export interface ProducerSpec extends ChildFields, ServerScripts {
  readonly type: 'producer';
  readonly on_demand?: 'none' | 'counter' | 'script' | 'queue';
  readonly from?: number;
  readonly limit?: number;
  readonly script?: readonly (readonly Json[])[];
  readonly buffer_size?: number | 'infinity';
  readonly buffer_keep?: 'first' | 'last';
  readonly demand?: 'forward' | 'accumulate';
  readonly dispatcher?: 'broadcast' | 'demand';
  readonly trace?: readonly StageTrace[];
  readonly on_demand_do?: Script;
  readonly on_cancel?: Script;
}

export interface SubscriptionFields {
  readonly max_demand?: number;
  readonly min_demand?: number;
  readonly cancel?: 'permanent' | 'transient' | 'temporary';
}

export interface SubscribeTo extends SubscriptionFields {
  readonly to: Reference;
}

export interface ConsumerSpec extends ChildFields, ServerScripts {
  readonly type: 'consumer';
  readonly subscribe_to?: readonly SubscribeTo[];
  readonly manual?: boolean;
  readonly trace?: readonly StageTrace[];
  readonly on_events?: Script;
  readonly on_cancel?: Script;
}

export interface ConsumerSupervisorSpec extends ChildFields {
  readonly type: 'consumer_supervisor';
  readonly child: Spec;
  readonly subscribe_to?: readonly SubscribeTo[];
  readonly max_restarts?: number;
  readonly max_seconds?: number;
}

export type StageSpec = ProducerSpec | ConsumerSpec;
export type ServerSpec = WorkerSpec | StageSpec;
export type Spec =
  | WorkerSpec
  | SupervisorSpec
  | DynamicSupervisorSpec
  | RegistrySpec
  | TaskSpec
  | ProducerSpec
  | ConsumerSpec
  | ConsumerSupervisorSpec;
export type SpecType = Spec['type'];

// -- actions ---------------------------------------------------------------------------------------------------

export type Script = readonly Action[];
export interface Scripts {
  readonly [key: string]: Script;
}

export interface StreamOptions {
  readonly opts?: {
    readonly max_concurrency?: number;
    readonly timeout?: number | 'infinity';
    readonly on_timeout?: 'exit' | 'kill_task';
  };
  readonly run: Script;
  readonly by_arg?: { readonly [argument: string]: { readonly run: Script } };
}

export type Action =
  | readonly ['log', string]
  | readonly ['sleep', number]
  | readonly ['reply', Json]
  | readonly ['get']
  | readonly ['noreply']
  | readonly ['save_from']
  | readonly ['reply_saved', Json]
  | readonly ['stop', string]
  | readonly ['ignore']
  | readonly ['bad_return', Json]
  | readonly ['raise', string]
  | readonly ['exit', string]
  | readonly ['continue', string]
  | readonly ['timeout', number]
  | readonly ['put', Json]
  | readonly ['incr']
  | readonly ['trap_exit', boolean]
  | readonly ['link', Reference]
  | readonly ['unlink', Reference]
  | readonly ['monitor', Reference]
  | readonly ['demonitor', Reference]
  | readonly ['demonitor_flush', Reference]
  | readonly ['signal', Reference, string]
  | readonly ['send', Reference, Json]
  | readonly ['cast', Reference, Script]
  | readonly ['send_after', number, Json]
  | readonly ['cancel_timer', Json]
  | readonly ['call', Reference, Script, number?]
  | readonly ['start', Spec]
  | readonly ['start_child', SupervisorReference, Spec]
  | readonly ['register', string, Json, Json?]
  | readonly ['unregister', string, Json]
  | readonly ['update', string, Json, Json]
  | readonly ['register_name', string]
  | readonly ['unregister_name', string]
  | readonly ['emit', readonly Json[]]
  | readonly ['ask', Reference, number]
  | readonly ['cancel', Reference, string]
  | readonly ['async', string, Script]
  | readonly ['await', string, number?]
  | readonly ['await_many', readonly string[], number?]
  | readonly ['yield', string, number?]
  | readonly ['yield_many', readonly string[], number?]
  | readonly ['shutdown', string, (number | 'brutal_kill')?]
  | readonly ['async_stream', string, readonly Json[], StreamOptions]
  | readonly ['return', Json]
  | readonly ['catch', Action];
export type ActionName = Action[0];

// -- steps -----------------------------------------------------------------------------------------------------

export interface StepFields {
  readonly async?: string;
  readonly settle?: boolean;
  readonly order?: Order;
  readonly exit_order?: boolean;
  readonly within_ms?: number;
}

export type Operation =
  | { readonly op: 'start'; readonly spec: Spec }
  | { readonly op: 'call'; readonly to: Reference; readonly do: Script; readonly timeout?: number }
  | { readonly op: 'cast'; readonly to: Reference; readonly do: Script }
  | { readonly op: 'send'; readonly to: Reference; readonly msg?: Json; readonly do?: Script }
  | { readonly op: 'stop'; readonly to: Reference; readonly reason?: string; readonly timeout?: number }
  | { readonly op: 'exit'; readonly to: Reference; readonly reason: string; readonly as?: 'parent' }
  | {
      readonly op: 'start_child';
      readonly sup: SupervisorReference;
      readonly spec?: Spec;
      readonly arg?: Json;
    }
  | {
      readonly op: 'terminate_child';
      readonly sup: SupervisorReference;
      readonly id?: string | number;
      readonly child?: Reference;
    }
  | { readonly op: 'restart_child'; readonly sup: SupervisorReference; readonly id: string | number }
  | { readonly op: 'delete_child'; readonly sup: SupervisorReference; readonly id: string | number }
  | { readonly op: 'which_children'; readonly sup: SupervisorReference }
  | { readonly op: 'count_children'; readonly sup: SupervisorReference }
  | { readonly op: 'whereis'; readonly of: Reference }
  | { readonly op: 'alive' }
  | { readonly op: 'sleep'; readonly ms: number }
  | { readonly op: 'lookup'; readonly registry: string; readonly key: Json }
  | { readonly op: 'match'; readonly registry: string; readonly key: Json; readonly value: Json }
  | { readonly op: 'keys'; readonly registry: string; readonly of: Reference }
  | { readonly op: 'count'; readonly registry: string }
  | { readonly op: 'dispatch'; readonly registry: string; readonly key: Json; readonly msg: Json }
  | ({ readonly op: 'subscribe'; readonly consumer: Reference } & SubscribeTo)
  | { readonly op: 'demand'; readonly to: Reference; readonly mode?: 'forward' | 'accumulate' }
  | { readonly op: 'buffered'; readonly to: Reference };
export type OperationName = Operation['op'];
export type Step = Operation & StepFields;

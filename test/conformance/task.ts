/** Tasks of a scenario: one process, one script, the value of its last `return`. */
import type { Process } from '../../src/otp/process.ts';
import { Actor } from './actor.ts';
import { after } from './awaitable.ts';
import type { Json, Script, StreamOptions, TaskSpec } from './format.ts';
import type { Incarnation, World } from './world.ts';

/** What a task runs, once it is known which of its label it is. */
export type TaskScript = (incarnation: Incarnation) => Script;

export function runTask(world: World, self: Process, script: TaskScript): Json | Promise<Json> {
  return after(world.incarnation(self.pid), (incarnation) =>
    new Actor(world, self, incarnation).take(null, script(incarnation), (turn) => turn.returned),
  );
}

/** What a task of a spec runs: by its argument, else by its incarnation, else `run`. */
export function taskScript(world: World, spec: TaskSpec, argument: Json | undefined): TaskScript {
  const text = argument === undefined ? undefined : world.terms.text(argument);
  const byArgument = text === undefined ? undefined : spec.by_arg?.[text]?.run;
  return ({ number }) => byArgument ?? spec.run_at?.[String(number)] ?? spec.run;
}

export function streamScript(world: World, options: StreamOptions, item: Json): TaskScript {
  const script = options.by_arg?.[world.terms.text(item)]?.run ?? options.run;
  return () => script;
}

/** Tasks of a scenario: one process, one script, the value of its last `return`. */
import type { Process } from '../../src/otp/process.ts';
import { Actor } from './actor.ts';
import type { Json, Script, StreamOptions, TaskSpec } from './format.ts';
import type { World } from './world.ts';

export function runTask(world: World, self: Process, script: Script): Json | Promise<Json> {
  return new Actor(world, self).take(null, script, (turn) => turn.returned);
}

/** What a task of a spec runs: by its argument, else by its incarnation, else `run`. */
export function taskScript(world: World, spec: TaskSpec, argument: Json | undefined, self: Process): Script {
  const text = argument === undefined ? undefined : world.terms.text(argument);
  const number = world.incarnationOf(self.pid)?.number;
  return (
    (text === undefined ? undefined : spec.by_arg?.[text]?.run) ?? spec.run_at?.[String(number)] ?? spec.run
  );
}

export function streamScript(world: World, options: StreamOptions, item: Json): Script {
  return options.by_arg?.[world.terms.text(item)]?.run ?? options.run;
}

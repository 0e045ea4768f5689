#!/usr/bin/env node
/**
 * The command line: looks into a running application through its observer.
 *
 *     npx beamline tree --url http://127.0.0.1:4680
 *     npx beamline demo
 *
 * Ends with 0 when all is well, with 1 when something is wrong that makes events wait or be refused, and with 2 when
 * nobody could be asked.
 */
import { Command, InvalidArgumentError } from 'commander';
import { defaultPort } from '../observer/options.ts';
import { variable } from '../pipeline/options/environment-variables.ts';
import { formatTree } from '../pipeline/view/format-tree.ts';
import type { RestartEntry } from '../pipeline/view/restarts.ts';
import type { RecordSnapshot, Snapshot, TreeNode } from '../pipeline/view/snapshot-types.ts';
import { type AskOptions, demo, doctor, events, flush, show, trace, ui } from './commands.ts';
import { complain, endWithItsReader } from './exit.ts';
import { recordsText, restartsText, topText } from './tables.ts';

const SORTS = ['mailbox', 'handled', 'restarts', 'busy'];

function commands(): Command {
  const here = `http://127.0.0.1:${defaultPort()}`;
  const program = new Command('beamline').description('Looks into a running beamline application.');
  const command = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .option('--url <url>', 'where its observer is', variable('BEAMLINE_OBSERVER_URL') ?? here)
      .option('--token <token>', 'what the observer asks for (or BEAMLINE_OBSERVER_TOKEN)')
      .option('--json', 'print JSON');
  const watched = (name: string, description: string): Command =>
    command(name, description).option('--watch', 'print it again each second');

  watched('tree', 'the supervision tree').action((options: AskOptions) =>
    show<Snapshot>(options, 'snapshot', (snapshot) => formatTree(snapshot)),
  );
  watched('top', 'the processes with most to do')
    .option('--sort <by>', SORTS.join(', '), oneOf(SORTS), 'mailbox')
    .option('--limit <count>', 'how many', wholeNumber(1, 5000), 20)
    .action((options: AskOptions & { readonly sort: string; readonly limit: number }) => {
      const query = new URLSearchParams({ sort: options.sort, limit: String(options.limit) });
      return show<{ readonly processes: readonly TreeNode[] }>(
        options,
        `processes?${query}`,
        (body, screen) => topText(body.processes, screen),
      );
    });
  watched('restarts', 'what was started again, and why').action((options: AskOptions) =>
    show<{ readonly restarts: readonly RestartEntry[] }>(options, 'restarts', (body, screen) =>
      restartsText(body.restarts, screen),
    ),
  );
  watched('records', 'the record types, with what became of their events').action((options: AskOptions) =>
    show<{ readonly records: readonly RecordSnapshot[] }>(options, 'records', (body, screen) =>
      recordsText(body.records, screen),
    ),
  );
  command('events', 'what happens, as it happens').action(events);
  command('trace', 'the next messages that a process handles: their kinds, and what each took')
    .argument('<process>', "its name in the tree, such as Producer/SignUp, or a pid, such as '<0.7>'")
    .option('--limit <count>', 'how many messages, at most', wholeNumber(1, 200), 20)
    .option('--seconds <count>', 'how long, at most', wholeNumber(1, 60), 5)
    .option('--payloads', 'what is in the messages too, where the observer shows states')
    .action(trace);
  command('flush', 'has everything delivered that is pending').action(flush);
  command('snapshot', 'everything, as JSON').action((options: AskOptions) =>
    show<Snapshot>({ ...options, json: true }, 'snapshot', String),
  );
  command('doctor', 'looks for what is wrong, and says what mends it')
    .option(
      '--streams <names>',
      'Kinesis streams that have to take records: names or ARNs, with commas',
      list,
      [],
    )
    .option('--region <region>', 'of the streams')
    .option('--endpoint <url>', 'in place of AWS')
    .option('--spool <directory>', 'where a spool is to be')
    .action((options, self: Command) =>
      doctor({
        ...options,
        expected: self.getOptionValueSource('url') !== 'default' || isTold(),
      }),
    );
  command('ui', 'opens the page').action(ui);
  program
    .command('demo')
    .description('an application in front of a Kinesis on this machine, with the page; things go wrong in it')
    .option('--port <port>', 'of the page; 0 for any that is free', wholeNumber(0, 65_535), defaultPort())
    .option('--rate <events>', 'events a second', wholeNumber(1, 5000), 400)
    .option('--every <seconds>', 'between two things that go wrong; 0 for never', wholeNumber(0, 3600), 8)
    .option('--seconds <count>', 'how long it runs; 0 until it is ended', wholeNumber(0, 86_400), 0)
    .option('--no-open', 'do not open the page')
    .action(demo);
  return program;
}

/** Whether the environment says that there is an observer, and where. */
function isTold(): boolean {
  return (['BEAMLINE_OBSERVER_URL', 'BEAMLINE_OBSERVER_PORT'] as const).some(
    (name) => variable(name) !== undefined,
  );
}

async function main(): Promise<void> {
  await commands().parseAsync(process.argv);
}

function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It takes a whole number from ${min} to ${max}.`);
  };
}

function oneOf(words: readonly string[]): (text: string) => string {
  return (text) => {
    if (words.includes(text)) return text;
    throw new InvalidArgumentError(`It takes one of ${words.join(', ')}.`);
  };
}

function list(text: string): string[] {
  return text
    .split(',')
    .map((each) => each.trim())
    .filter(Boolean);
}

endWithItsReader(process.stdout);
main().catch((error: unknown) => complain((error as Error).message));

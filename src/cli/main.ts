#!/usr/bin/env node
/**
 * The command line: looks into a running application through its observer.
 *
 *     npx beamline tree --url http://127.0.0.1:4680
 *
 * Ends with 0 when all is well, with 1 when something is wrong that makes events wait or be refused, and with 2 when
 * nobody could be asked.
 */
import { spawn } from 'node:child_process';
import { Command } from 'commander';
import { systemClock } from '../base/clock.ts';
import { formatTree } from '../pipeline/format-tree.ts';
import type { HealthLine } from '../pipeline/health.ts';
import type { RestartEntry } from '../pipeline/restarts.ts';
import type { RecordSnapshot, Snapshot, TreeNode } from '../pipeline/snapshot-types.ts';
import { ask, follow, type Target } from './client.ts';
import { examine } from './doctor.ts';
import { type Colours, feedText, healthText, recordsText, restartsText, topText } from './tables.ts';
import { repeat } from './watch.ts';

const UNHEALTHY = 1;
const UNREACHABLE = 2;

interface Options {
  readonly url: string;
  readonly token?: string;
  readonly json?: boolean;
  readonly watch?: boolean;
}

const colours: Colours = process.stdout.isTTY && process.env.NO_COLOR === undefined ? 'terminal' : 'none';

function main(): void {
  const program = new Command('beamline').description('Looks into a running beamline application.');
  const command = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .option(
        '--url <url>',
        'where its observer is',
        process.env.BEAMLINE_OBSERVER_URL ?? 'http://127.0.0.1:4680',
      )
      .option('--token <token>', 'what the observer asks for (or BEAMLINE_OBSERVER_TOKEN)')
      .option('--json', 'print JSON');
  const watched = (name: string, description: string): Command =>
    command(name, description).option('--watch', 'print it again each second');

  watched('tree', 'the supervision tree').action((options: Options) =>
    show<Snapshot>(options, 'snapshot', (snapshot) => formatTree(snapshot)),
  );
  watched('top', 'the processes with most to do')
    .option('--sort <by>', 'mailbox, handled, restarts or busy', 'mailbox')
    .option('--limit <count>', 'how many', '20')
    .action((options: Options & { readonly sort: string; readonly limit: string }) => {
      const query = new URLSearchParams({ sort: options.sort, limit: options.limit });
      return show<{ readonly processes: readonly TreeNode[] }>(options, `processes?${query}`, (body) =>
        topText(body.processes),
      );
    });
  watched('restarts', 'what was started again, and why').action((options: Options) =>
    show<{ readonly restarts: readonly RestartEntry[] }>(options, 'restarts', (body) =>
      restartsText(body.restarts),
    ),
  );
  watched('records', 'the record types, with what became of their events').action((options: Options) =>
    show<{ readonly records: readonly RecordSnapshot[] }>(options, 'records', (body) =>
      recordsText(body.records),
    ),
  );
  command('events', 'what happens, as it happens').action(events);
  command('flush', 'has everything delivered that is pending').action(flush);
  command('snapshot', 'everything, as JSON').action((options: Options) =>
    show<Snapshot>({ ...options, json: true }, 'snapshot', String),
  );
  command('doctor', 'looks for what is wrong, and says what mends it').action(doctor);
  command('ui', 'opens the page').action(ui);
  program.parseAsync(process.argv).catch((error: unknown) => fail((error as Error).message));
}

function targetOf({ url, token }: Options): Target {
  return { url, token: token ?? process.env.BEAMLINE_OBSERVER_TOKEN };
}

function fail(message: string): void {
  console.error(message);
  process.exitCode = UNREACHABLE;
}

/** Prints a part of the picture, once or again and again, and the health below it. */
async function show<Body>(options: Options, path: string, text: (body: Body) => string): Promise<void> {
  const target = targetOf(options);
  const look = async (): Promise<string | undefined> => {
    const reply = await ask<Body>(target, `api/v1/${path}`);
    const health = await ask<{ readonly health: readonly HealthLine[] }>(target, 'api/v1/health');
    if (reply.type === 'failed' || health.type === 'failed') {
      fail(reply.type === 'failed' ? reply.message : health.type === 'failed' ? health.message : '');
      return undefined;
    }
    const isBad = health.body.health.some(({ level }) => level === 'bad');
    process.exitCode = isBad ? UNHEALTHY : 0;
    if (options.json) return JSON.stringify(reply.body, null, 2);
    return `${text(reply.body)}\n\n${healthText(health.body.health, colours)}`;
  };
  if (options.watch) await repeat(look, systemClock, process.stdout);
  else {
    const printed = await look();
    if (printed !== undefined) console.log(printed);
  }
}

async function events(options: Options): Promise<void> {
  const reply = await follow(targetOf(options), (entry) =>
    console.log(options.json ? JSON.stringify(entry) : feedText(entry, colours)),
  );
  if (reply.type === 'failed') fail(reply.message);
}

async function flush(options: Options): Promise<void> {
  const reply = await ask<{ readonly pending: number }>(targetOf(options), 'api/v1/flush', 'POST');
  if (reply.type === 'failed') return fail(reply.message);
  console.log(
    options.json ? JSON.stringify(reply.body) : `asked for; ${reply.body.pending} events were pending`,
  );
}

async function doctor(options: Options): Promise<void> {
  const findings = await examine(targetOf(options), systemClock, process.version);
  if (findings.some(({ level }) => level === 'bad')) process.exitCode = UNHEALTHY;
  if (options.json) return console.log(JSON.stringify(findings, null, 2));
  for (const { level, text, mend } of findings) {
    console.log(healthText([{ level, cause: 'ok', recordType: null, text }], colours));
    if (mend !== null) console.log(`    ${mend}`);
  }
}

const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
};

/** The address is printed too: where there is no desktop, nothing opens. */
async function ui(options: Options): Promise<void> {
  const reply = await ask<unknown>(targetOf(options), 'api/v1/capabilities');
  if (reply.type === 'failed') return fail(reply.message);
  console.log(options.url);
  const [opener, ...before] = OPENERS[process.platform] ?? ['xdg-open'];
  const child = spawn(opener, [...before, options.url], { stdio: 'ignore', detached: true });
  child.on('error', () => console.log('open it in a browser'));
  child.unref();
}

main();

/** What each command does: asks, prints, and says by the exit code how it went. */
import { systemClock } from '../base/clock.ts';
import type { TraceResult } from '../otp/trace.ts';
import { variable } from '../pipeline/options/environment-variables.ts';
import type { HealthLine } from '../pipeline/view/health.ts';
import { ask, follow, type Target } from './client.ts';
import { examine } from './doctor.ts';
import { complain, UNHEALTHY } from './exit.ts';
import { openPage } from './open-page.ts';
import type { Screen } from './table.ts';
import { feedText, healthText, traceText } from './tables.ts';
import { repeat } from './watch.ts';

export interface AskOptions {
  readonly url: string;
  readonly token?: string;
  readonly json?: boolean;
  readonly watch?: boolean;
}

const { stdout } = process;

function screen(): Screen {
  const isPlain = !stdout.isTTY || process.env.NO_COLOR !== undefined;
  return { colours: isPlain ? 'none' : 'terminal', width: stdout.isTTY ? stdout.columns : undefined };
}

function targetOf({ url, token }: AskOptions): Target {
  return { url, token: token ?? variable('BEAMLINE_OBSERVER_TOKEN') };
}

/** Prints a part of the picture, once or again and again, and the health below it. */
export async function show<Body>(
  options: AskOptions,
  path: string,
  text: (body: Body, screen: Screen) => string,
): Promise<void> {
  const target = targetOf(options);
  const look = async (): Promise<string | undefined> => {
    const reply = await ask<Body>(target, `api/v1/${path}`);
    if (reply.type === 'failed') {
      complain(reply.message);
      return undefined;
    }
    const health = await ask<{ readonly health: readonly HealthLine[] }>(target, 'api/v1/health');
    if (health.type === 'failed') {
      complain(health.message);
      return undefined;
    }
    const isBad = health.body.health.some(({ level }) => level === 'bad');
    process.exitCode = isBad ? UNHEALTHY : 0;
    if (options.json) return JSON.stringify(reply.body, null, 2);
    return `${text(reply.body, screen())}\n\n${healthText(health.body.health, screen().colours)}`;
  };
  if (options.watch) await repeat(look, systemClock, stdout);
  else {
    const printed = await look();
    if (printed !== undefined) console.log(printed);
  }
}

export async function events(options: AskOptions): Promise<void> {
  const reply = await follow(targetOf(options), (entry) =>
    console.log(options.json ? JSON.stringify(entry) : feedText(entry, screen().colours)),
  );
  if (reply.type === 'failed') complain(reply.message);
}

interface TraceOptions extends AskOptions {
  readonly limit: number;
  readonly seconds: number;
  readonly payloads?: boolean;
}

const ENDS: Readonly<Record<TraceResult['endedBy'], string>> = {
  limit: 'that is as many as were asked for',
  time: 'the time is over',
  process: 'the process ended',
  replaced: 'somebody else began to trace it',
};

export async function trace(id: string, options: TraceOptions): Promise<void> {
  const { limit, seconds, payloads = false } = options;
  const query = new URLSearchParams({
    limit: String(limit),
    timeoutMs: String(seconds * 1000),
    ...(payloads ? { payloads: 'true' } : {}),
  });
  const path = `api/v1/processes/${encodeURIComponent(id)}/trace?${query}`;
  const reply = await ask<TraceResult>(targetOf(options), path, 'POST');
  if (reply.type === 'failed') return complain(reply.message);
  if (options.json) return console.log(JSON.stringify(reply.body, null, 2));
  console.log(`${traceText(reply.body.entries, screen())}\n\n${ENDS[reply.body.endedBy]}`);
}

export async function flush(options: AskOptions): Promise<void> {
  const reply = await ask<{ readonly pending: number }>(targetOf(options), 'api/v1/flush', 'POST');
  if (reply.type === 'failed') return complain(reply.message);
  console.log(
    options.json ? JSON.stringify(reply.body) : `asked for; ${reply.body.pending} events were pending`,
  );
}

interface DoctorOptions extends AskOptions {
  readonly streams: readonly string[];
  readonly region?: string;
  readonly endpoint?: string;
  readonly spool?: string;
  /** Somebody said where the observer is: one that is not there is a fault. */
  readonly expected: boolean;
}

export async function doctor(options: DoctorOptions): Promise<void> {
  const { streams, region, endpoint, spool, expected } = options;
  withoutNodeNotice();
  const findings = await examine({
    target: targetOf(options),
    clock: systemClock,
    nodeVersion: process.version,
    region,
    endpoint,
    streams,
    spool,
    expected,
  });
  if (findings.some(({ level }) => level === 'bad')) process.exitCode = UNHEALTHY;
  if (options.json) return console.log(JSON.stringify(findings, null, 2));
  for (const { level, text, mend } of findings) {
    console.log(healthText([{ level, cause: 'ok', recordType: null, text }], screen().colours));
    if (mend !== null) console.log(`    ${mend}`);
  }
}

/** The address is printed too: where there is no desktop, nothing opens. */
export async function ui(options: AskOptions): Promise<void> {
  const reply = await ask<unknown>(targetOf(options), 'api/v1/capabilities');
  if (reply.type === 'failed') return complain(reply.message);
  console.log(options.url);
  openPage(options.url);
}

interface DemoOptions {
  readonly port: number;
  readonly rate: number;
  readonly every: number;
  readonly seconds: number;
  readonly open: boolean;
}

export async function demo({ port, rate, every, seconds, open }: DemoOptions): Promise<void> {
  withoutNodeNotice();
  const end = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => end.abort());
  if (seconds > 0) systemClock.setTimer(seconds * 1000, () => end.abort());
  const { runDemo } = await import('./demo/demo.ts');
  const { accepted, delivered, deadLettered, pending, refused } = await runDemo({
    port,
    rate,
    everyMs: every * 1000,
    clock: systemClock,
    signal: end.signal,
    print: (line) => console.log(line),
    ready(url) {
      console.log(`An application with three record types, in front of a Kinesis on this machine.\n`);
      console.log(`  the page       ${url}`);
      console.log(`  the terminal   npx beamline top --watch --url ${url}\n`);
      console.log(
        every === 0 ? 'Ctrl+C ends it.\n' : `Something goes wrong every ${every} s. Ctrl+C ends it.\n`,
      );
      if (open && stdout.isTTY) openPage(url);
    },
  });
  console.log(
    `\naccepted ${accepted} = delivered ${delivered} + dead-lettered ${deadLettered} + pending ${pending}; refused ${refused}`,
  );
  if (pending > 0) process.exitCode = UNHEALTHY;
}

/** The AWS SDK's own switch for its notice that it will drop Node 20 in 2027. Threads inherit it. */
function withoutNodeNotice(): void {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
}

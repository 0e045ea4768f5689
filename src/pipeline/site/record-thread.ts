/**
 * The role of a record type's thread: joins the application's directory, imports the module that defines the type,
 * opens the site, and serves it. Whatever fails in here fails the start of the thread, with its reason.
 */
import type { ControlApi } from '../../threads/control-lane.ts';
import { remoteControl } from '../../threads/control-lane.ts';
import { joinDirectory } from '../../threads/directory.ts';
import { standBack } from '../../threads/niceness.ts';
import { RECHECK_MS, touchAhead } from '../../threads/queue/index.ts';
import type { ThreadSite } from '../../threads/thread-entry.ts';
import type { Definition } from '../definition.ts';
import { definedTypes, setEnvironment } from '../environment.ts';
import { BeamlineError } from '../errors.ts';
import { thrownText } from '../shown-value.ts';
import { RecordSite } from './record-site.ts';
import type { MainControl, SiteArgument } from './site.ts';
import { siteControl } from './site-control.ts';

export { errorRebuilders } from '../error-rebuilders.ts';

export async function boot({ runtime, link, codec, argument }: ThreadSite): Promise<ControlApi> {
  const site = argument as SiteArgument;
  const { recordType, url } = site;
  // The AWS SDK warns of old versions of Node, in each thread anew: once a process is enough.
  if (runtime.node > 1) process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const { recorder, names } = joinDirectory(site.directory, runtime.clock, site.identity);
  setEnvironment({ type: 'record_thread', recorder, names, recordType, url });
  const definition = await importDefinition(recordType, url);
  // The main thread outlives this one: what is asked of it is answered.
  const main = remoteControl<MainControl>(link.control, codec, new Promise(() => {}));
  const recordSite = await RecordSite.open(runtime, site, definition, main);
  // Not while it starts, which has its limits in time; and not when the process waits for it to end.
  const refused = recordSite.signals.exiting ? undefined : standBack(site.options.niceness);
  if (refused !== undefined) {
    const told = 'its thread has the priority of all others: its niceness could not be set';
    void main.log('debug', { err: refused }, told).catch(() => {});
  }
  void touchAhead(site.queue, { clock: runtime.clock, recheckMs: RECHECK_MS }, recordSite.closed);
  return siteControl(recordSite) as unknown as ControlApi;
}

async function importDefinition(recordType: string, url: string): Promise<Definition> {
  try {
    await import(/* webpackIgnore: true */ url);
  } catch (cause) {
    // By its code: the module may have a copy of beamline of its own.
    if ((cause as { code?: unknown } | null)?.code === 'ERR_IN_RECORD_THREAD') throw cause;
    // The mend first: a log may cut the end off.
    const reason = `${mendOf(cause)}${thrownText(cause).split('\n', 1)[0]}${placeOf(cause)}`;
    throw new BeamlineError(
      'ERR_RECORD_MODULE',
      { recordType, url, found: { type: 'import-failed', reason } },
      { cause },
    );
  }
  const definition = definedTypes().get(recordType);
  if (definition !== undefined) return definition;
  const names = [...definedTypes().keys()];
  throw new BeamlineError('ERR_RECORD_MODULE', { recordType, url, found: { type: 'definitions', names } });
}

/** Where in the module, or in what it imports: it may be many files. A log shows no more of an error than its text. */
function placeOf(cause: unknown): string {
  const stack = cause instanceof Error ? (cause.stack ?? '') : '';
  const places = [...stack.matchAll(/^ +at (?:async |.*\()?((?:file:|\/)[^()]*:\d+:\d+)\)?$/gm)];
  // What beamline was called for there stands in the text.
  const own = new URL('.', import.meta.url).href;
  const place = places.map(([, found = '']) => found).find((found) => !found.startsWith(own));
  return place === undefined ? '' : ` at ${place}`;
}

/** A thread of Node 20 has none of the hooks by which tsx loads TypeScript: those of the main thread are not its own. */
function mendOf(cause: unknown): string {
  if ((cause as { code?: unknown } | null)?.code !== 'ERR_UNKNOWN_FILE_EXTENSION') return '';
  return "threads load TypeScript from Node 22.18 on, not under tsx on Node 20: compile it, or take isolation: 'inline'; ";
}

/**
 * The HTTP interface: which paths there are, and what each answers. A request is data, so is an answer; the shell is
 * `handler.ts`. Every body has `schemaVersion` and `takenAt`; what is wrong with a request is said with what there is.
 */
import { SNAPSHOT_SCHEMA_VERSION, type Snapshot, type TreeNode } from '../pipeline/view/snapshot-types.ts';
import { act, actionNames, isAction } from './actions.ts';
import { type Answer, failure, ok } from './answer.ts';
import { type Context, findNode, noProcess, type Request } from './context.ts';
import { metricsText } from './metrics.ts';
import { pageFile } from './page-files.ts';
import { numberOf } from './query.ts';
import { trace } from './trace.ts';

type Handler = (request: Request, context: Context, parameter: string) => Answer | Promise<Answer>;

interface Route {
  readonly method: Request['method'];
  /** `*` stands for one part of any name. */
  readonly path: string;
  readonly handle: Handler;
}

const routes: readonly Route[] = [
  { method: 'GET', path: 'api/v1/tree', handle: tree },
  { method: 'GET', path: 'api/v1/processes', handle: processes },
  { method: 'GET', path: 'api/v1/processes/*', handle: oneProcess },
  { method: 'GET', path: 'api/v1/processes/*/state', handle: state },
  { method: 'GET', path: 'api/v1/restarts', handle: restarts },
  {
    method: 'GET',
    path: 'api/v1/records',
    handle: async (_, context) => part(context, ['records', 'ledger']),
  },
  { method: 'GET', path: 'api/v1/records/*', handle: oneRecord },
  { method: 'GET', path: 'api/v1/threads', handle: async (_, context) => part(context, ['threads']) },
  { method: 'GET', path: 'api/v1/health', handle: async (_, context) => part(context, ['health']) },
  { method: 'GET', path: 'api/v1/snapshot', handle: async (_, { sampler }) => ok(await sampler.take()) },
  { method: 'GET', path: 'api/v1/events', handle: events },
  { method: 'GET', path: 'api/v1/capabilities', handle: capabilities },
  { method: 'POST', path: 'api/v1/processes/*/trace', handle: trace },
  { method: 'POST', path: 'api/v1/processes/*/*', handle: processAction },
  { method: 'POST', path: 'api/v1/threads/*/restart', handle: action('restart-thread') },
  { method: 'POST', path: 'api/v1/flush', handle: action('flush') },
  { method: 'GET', path: 'healthz', handle: healthz },
  { method: 'GET', path: 'readyz', handle: readyz },
  { method: 'GET', path: 'metrics', handle: metrics },
];

export async function route(request: Request, context: Context): Promise<Answer> {
  const path = request.path.join('/');
  const fitting = routes.filter((each) => fits(each.path, request.path));
  const found = fitting.find(({ method }) => method === request.method);
  if (found !== undefined) return found.handle(request, context, request.path[3] ?? '');
  if (fitting.length > 0) {
    const methods = fitting.map(({ method }) => method).join(', ');
    return failure(405, 'ERR_METHOD', `/${path} takes ${methods}; ${request.method} came`);
  }
  if (request.method === 'GET' && request.path[0] !== 'api') {
    const file = await pageFile(path);
    if (file !== undefined) return file;
  }
  const known = routes.map(({ method, path: each }) => `${method} /${each.replaceAll('*', ':id')}`);
  return failure(404, 'ERR_PATH', `there is nothing at /${path}; there are: ${known.join(', ')}`);
}

function fits(pattern: string, path: readonly string[]): boolean {
  const parts = pattern.split('/');
  return parts.length === path.length && parts.every((part, index) => part === '*' || part === path[index]);
}

async function part(context: Context, keys: readonly (keyof Snapshot)[]): Promise<Answer> {
  const snapshot = await context.sampler.take();
  return ok(pick(snapshot, keys));
}

function pick(snapshot: Snapshot, keys: readonly (keyof Snapshot)[]): Record<string, unknown> {
  const { schemaVersion, takenAt, truncated } = snapshot;
  return {
    schemaVersion,
    takenAt,
    truncated,
    ...Object.fromEntries(keys.map((key) => [key, snapshot[key]])),
  };
}

/** `root`: only what is under that box; `depth`: so many levels of it. */
async function tree({ query }: Request, { sampler }: Context): Promise<Answer> {
  const depth = numberOf(query, 'depth', 1, 100);
  if (typeof depth === 'object') return depth;
  const snapshot = await sampler.take();
  const root = query.get('root');
  if (root !== null && !snapshot.nodes.some(({ id }) => id === root)) return noProcess(root, snapshot);
  const body = pick(snapshot, ['health', 'edges', 'tombstones', 'nodesTotal']);
  return ok({ ...body, nodes: subtree(snapshot.nodes, root, depth ?? Number.POSITIVE_INFINITY) });
}

function subtree(nodes: readonly TreeNode[], root: string | null, depth: number): TreeNode[] {
  const levels = new Map<string, number>();
  return nodes.filter(({ id, parent }) => {
    const above = parent === null ? undefined : levels.get(parent);
    const level =
      id === root || (root === null && parent === null) ? 1 : above === undefined ? undefined : above + 1;
    if (level === undefined || level > depth) return false;
    levels.set(id, level);
    return true;
  });
}

const SORTS: Readonly<Record<string, (node: TreeNode) => number>> = {
  mailbox: ({ mailbox }) => mailbox,
  restarts: (node) => node.restarts,
  handled: ({ handled }) => handled,
  busy: ({ busyMs }) => busyMs ?? 0,
};

async function processes({ query }: Request, { sampler }: Context): Promise<Answer> {
  const limit = numberOf(query, 'limit', 1, 5000);
  if (typeof limit === 'object') return limit;
  const sort = query.get('sort') ?? 'mailbox';
  const value = Object.hasOwn(SORTS, sort) ? SORTS[sort] : undefined;
  if (value === undefined) {
    const known = Object.keys(SORTS).join(', ');
    return failure(400, 'ERR_QUERY', `sort must be one of ${known}; '${sort}' came`);
  }
  const snapshot = await sampler.take();
  const sorted = [...snapshot.nodes].sort((a, b) => value(b) - value(a)).slice(0, limit ?? 100);
  return ok({ ...pick(snapshot, ['nodesTotal']), processes: sorted });
}

async function oneProcess(_: Request, { sampler }: Context, id: string): Promise<Answer> {
  const snapshot = await sampler.take();
  const node = findNode(snapshot, id);
  if (node === undefined) return noProcess(id, snapshot);
  return ok({
    ...pick(snapshot, []),
    process: node,
    restarts: snapshot.restarts.filter((entry) => entry.id === node.id),
    edges: snapshot.edges.filter(({ consumer, producer }) => consumer === node.id || producer === node.id),
  });
}

async function state(_: Request, { app, sampler, options }: Context, id: string): Promise<Answer> {
  if (!options.showState)
    return failure(
      403,
      'ERR_STATE_HIDDEN',
      'states are not shown: give observe() the option showState: true',
    );
  const snapshot = await sampler.take();
  const node = findNode(snapshot, id);
  if (node === undefined) return noProcess(id, snapshot);
  if (node.pid === null)
    return failure(409, 'ERR_NOT_RUNNING', `${node.id} is ${node.status}: it has no state now`);
  return ok({
    ...pick(snapshot, []),
    id: node.id,
    pid: node.pid,
    state: (await app.state(node.pid)) ?? null,
  });
}

async function restarts({ query }: Request, context: Context): Promise<Answer> {
  const since = numberOf(query, 'since', 0, Number.MAX_SAFE_INTEGER);
  if (typeof since === 'object') return since;
  const snapshot = await context.sampler.take();
  const entries = snapshot.restarts.filter(({ seq }) => seq > (since ?? 0));
  return ok({ ...pick(snapshot, ['tombstones']), restarts: entries });
}

async function oneRecord(_: Request, { sampler }: Context, name: string): Promise<Answer> {
  const snapshot = await sampler.take();
  const record = snapshot.records.find((each) => each.name === name);
  if (record !== undefined)
    return ok({
      ...pick(snapshot, []),
      record,
      health: snapshot.health.filter((line) => line.recordType === name),
    });
  const known = snapshot.records.map((each) => each.name).join(', ') || 'none';
  return failure(404, 'ERR_RECORD_TYPE', `there is no record type '${name}'; there are: ${known}`);
}

function events(request: Request, context: Context): Answer {
  const what = request.query.get('what') ?? 'feed';
  if (what !== 'feed' && what !== 'tree')
    return failure(400, 'ERR_QUERY', `what must be feed or tree; '${what}' came`);
  if (context.streamsLeft() <= 0)
    return failure(503, 'ERR_TOO_MANY_STREAMS', 'as many event streams are open as may be: close one first');
  return { type: 'stream', run: (response) => context.stream(response, request) };
}

/** What this observer lets its readers do, so that a page can say which option turns the rest on. */
function capabilities(_: Request, { options: { allowActions, showState } }: Context): Answer {
  return ok({
    schemaVersion: SNAPSHOT_SCHEMA_VERSION,
    allowActions,
    showState,
    actions: [...actionNames, 'trace'],
  });
}

function processAction(request: Request, context: Context, id: string): Answer | Promise<Answer> {
  const name = request.path[4] ?? '';
  if (isAction(name)) return act(name, context, id);
  return failure(
    404,
    'ERR_ACTION',
    `there is no action '${name}'; there are: ${actionNames.join(', ')}, trace`,
  );
}

function action(name: 'restart-thread' | 'flush'): Handler {
  return (_, context, parameter) => act(name, context, parameter);
}

/** Alive: the event loop turns and the tree stands. An outage of Kinesis is no reason to kill the process. */
async function healthz(_: Request, { sampler }: Context): Promise<Answer> {
  const { nodes, takenAt } = await sampler.take();
  const stands = nodes.some(({ name }) => name === 'Application');
  const body = { schemaVersion: SNAPSHOT_SCHEMA_VERSION, takenAt, status: stands ? 'ok' : 'down' };
  return { type: 'json', status: stands ? 200 : 503, body };
}

/** Ready: nothing is so wrong that events wait or are refused for it. */
async function readyz(_: Request, { sampler }: Context): Promise<Answer> {
  const { nodes, takenAt, health } = await sampler.take();
  const bad = health.filter(({ level }) => level === 'bad');
  const ready = bad.length === 0 && nodes.length > 0;
  const body = {
    schemaVersion: SNAPSHOT_SCHEMA_VERSION,
    takenAt,
    status: ready ? 'ready' : 'not ready',
    health: bad,
  };
  return { type: 'json', status: ready ? 200 : 503, body };
}

async function metrics(_: Request, { sampler }: Context): Promise<Answer> {
  const { contentType, text } = await metricsText(await sampler.take());
  return { type: 'text', status: 200, contentType, body: text };
}

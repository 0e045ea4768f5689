/**
 * `POST /api/v1/processes/:id/trace?limit=20&timeoutMs=5000&payloads=true`: the next messages that a process handles. The
 * rule: always limited, and without what is in the messages, unless the observer shows states and is asked for it.
 */
import { OperationFailed } from '../otp/exit-reason.ts';
import { TRACE_LIMIT_MAX } from '../otp/trace.ts';
import { actionsOff } from './actions.ts';
import { type Answer, failure, ok } from './answer.ts';
import { type Context, findNode, noProcess, type Request } from './context.ts';
import { numberOf } from './query.ts';

const TIMEOUT_MAX_MS = 60_000;

export async function trace({ query }: Request, context: Context, id: string): Promise<Answer> {
  const { app, sampler, options } = context;
  if (!options.allowActions) return actionsOff();
  const limit = numberOf(query, 'limit', 1, TRACE_LIMIT_MAX);
  if (typeof limit === 'object') return limit;
  const timeoutMs = numberOf(query, 'timeoutMs', 1, TIMEOUT_MAX_MS);
  if (typeof timeoutMs === 'object') return timeoutMs;
  const payloads = query.get('payloads') === 'true';
  if (payloads && !options.showState)
    return failure(
      403,
      'ERR_STATE_HIDDEN',
      'what is in the messages is not shown: give observe() the option showState: true, or ask without payloads',
    );
  const snapshot = await sampler.take();
  const node = findNode(snapshot, id);
  if (node === undefined) return noProcess(id, snapshot);
  if (node.pid === null)
    return failure(409, 'ERR_NOT_RUNNING', `${node.id} is ${node.status}: it handles no message now`);
  try {
    const result = await app.trace(node.pid, {
      payloads,
      ...(limit === undefined ? {} : { limit }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
    return ok({ id: node.id, pid: node.pid, ...result });
  } catch (error) {
    if (!(error instanceof OperationFailed)) throw error;
    return failure(409, 'ERR_NO_ANSWER', `${node.id} did not answer: ${error.message}`);
  }
}

/** What can be done to the tree through the observer; only with `allowActions`. */
import { type Answer, failure, ok } from './answer.ts';
import { type Context, findNode, noProcess } from './context.ts';

/** On a process. After `kill` its supervisor starts it again, as after any crash. */
const ON_PROCESS = ['suspend', 'resume', 'kill'] as const;
type ProcessAction = (typeof ON_PROCESS)[number];
export const actionNames: readonly string[] = ON_PROCESS;

export function isAction(name: string): name is ProcessAction {
  return actionNames.includes(name);
}

export function actionsOff(): Answer {
  return failure(
    403,
    'ERR_ACTIONS_OFF',
    'this observer only shows: give observe() the option allowActions: true',
  );
}

export async function act(
  action: ProcessAction | 'restart-thread' | 'flush',
  context: Context,
  target: string,
): Promise<Answer> {
  const { app, sampler, options } = context;
  if (!options.allowActions) return actionsOff();
  const snapshot = await sampler.take();
  if (action === 'flush') {
    // Not waited for: with Kinesis away it would take as long as that.
    void app.flush();
    return { type: 'json', status: 202, body: { action, pending: snapshot.ledger.pending } };
  }
  if (action === 'restart-thread') {
    const known = snapshot.records.map(({ name }) => name);
    if (!known.includes(target))
      return failure(
        404,
        'ERR_RECORD_TYPE',
        `there is no record type '${target}'; there are: ${known.join(', ') || 'none'}`,
      );
    await app.endThread(target);
    return ok({ action, recordType: target });
  }
  const node = findNode(snapshot, target);
  if (node === undefined) return noProcess(target, snapshot);
  const { pid, id } = node;
  if (pid === null)
    return failure(409, 'ERR_NOT_RUNNING', `${id} is ${node.status}: there is no process to ${action}`);
  if (node.name === 'Application' && action !== 'resume')
    return failure(409, 'ERR_ROOT', 'the root of the tree is left alone: use app.stop()');
  if (action === 'suspend' || action === 'resume') {
    try {
      await app[action](pid);
    } catch (error) {
      return failure(409, 'ERR_NO_ANSWER', `${id} did not answer: ${(error as Error).message}`);
    }
  } else app.kill(pid);
  return ok({ action, id, pid });
}

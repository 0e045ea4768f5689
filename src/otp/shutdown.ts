/**
 * How a supervisor stops children: the exit signal `shutdown`, the time that the child's spec gives it, then `kill`.
 * The link goes first, so that no EXIT message is left behind; the monitor tells when it is over.
 */
import type { Shutdown } from './child-spec.ts';
import type { Ref } from './envelope.ts';
import type { Pid } from './pid.ts';
import type { Process } from './process.ts';

/** Stops one child and waits until it has ended. */
export async function shutdownChild(supervisor: Process, pid: Pid, shutdown: Shutdown): Promise<void> {
  const ref = ask(supervisor, pid, shutdown);
  if (typeof shutdown === 'number') {
    const reason = await supervisor.awaitDown(ref, shutdown);
    if (reason !== undefined) return;
    supervisor.exit(pid, 'kill');
  }
  await supervisor.awaitDown(ref);
}

/** Stops all at the same time and waits until all have ended. */
export async function shutdownChildren(
  supervisor: Process,
  children: readonly { readonly pid: Pid; readonly shutdown: Shutdown }[],
): Promise<void> {
  const refs: Ref[] = [];
  const timers = children.map(({ pid, shutdown }) => {
    refs.push(ask(supervisor, pid, shutdown));
    return typeof shutdown === 'number'
      ? supervisor.setTimer(shutdown, () => supervisor.exit(pid, 'kill'))
      : undefined;
  });
  for (const [index, ref] of refs.entries()) {
    await supervisor.awaitDown(ref);
    const timer = timers[index];
    if (timer !== undefined) supervisor.cancelTimer(timer);
  }
}

function ask(supervisor: Process, pid: Pid, shutdown: Shutdown): Ref {
  const ref = supervisor.monitor(pid);
  supervisor.unlink(pid);
  supervisor.flushExit(pid);
  supervisor.exit(pid, shutdown === 'brutal_kill' ? 'kill' : 'shutdown');
  return ref;
}

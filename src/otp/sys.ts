/** What every process answers, whatever its behaviour: Erlang's `sys`. A suspended process answers too. */
import type { Envelope } from './envelope.ts';
import type { Process } from './process.ts';

/** Only to end, which is asked of its behaviour, may a process need its time. */
export function answerSys(
  process: Process,
  envelope: Extract<Envelope, { type: 'sys' }>,
): void | Promise<void> {
  const { request, from } = envelope;
  switch (request.type) {
    case 'stop':
      return process.behaviour.receive(envelope);
    case 'get_state':
      process.reply(from, process.behaviour.state?.());
      return;
    case 'suspend':
      process.suspended = true;
      process.reply(from, undefined);
      return;
    case 'resume':
      process.suspended = false;
      process.reply(from, undefined);
      return;
    case 'trace':
      // Its answer comes at its end, which may be that of this process.
      process.openCalls.delete(from.ref);
      process.record.trace(request, (result) =>
        process.runtime.settleCall(from, { type: 'ok', value: result }),
      );
      return;
  }
}

/**
 * AWS Lambda: between two invocations nothing runs, so what an invocation records is delivered before it ends.
 *
 *     export const handler = withBeamline({ adapter: kinesis() }, async (event) => { ... });
 */
import { Application, kinesis } from 'beamline';
import { Visit } from './events/visit.mjs';

/** Kept back for Lambda's own end of an invocation. */
const RESERVE_MS = 500;

/** One application for as long as the environment lives. `inline`: an invocation is too short for a thread. */
export function withBeamline(options, handle) {
  let starting;
  return async (event, context) => {
    starting ??= Application.start({ isolation: 'inline', flushIntervalMs: 10, ...options });
    const app = await starting;
    try {
      return await handle(event, context);
    } finally {
      await flushWithin(app, context.getRemainingTimeInMillis() - RESERVE_MS);
    }
  };
}

/** What is not delivered by then stays queued, and goes on when the environment is thawed; if it is, says the log. */
async function flushWithin(app, milliseconds) {
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, Math.max(0, milliseconds));
  });
  await Promise.race([app.flush(), late]);
  clearTimeout(timer);
  const { pending } = app.ledger();
  if (pending > 0) console.warn(`${pending} events are still pending`);
}

export const handler = withBeamline({ adapter: kinesis() }, async (event) => {
  Visit.record({ page: event.rawPath, user: event.requestContext?.authorizer?.principalId });
  return { statusCode: 200, body: 'seen' };
});

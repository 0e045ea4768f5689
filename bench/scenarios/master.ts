/**
 * What a master record costs with `fromContext` and `masterJson`, beside a handler that writes the same text with
 * JSON.stringify of an object made for it.
 */

import { now } from '../clock.ts';
import { interleave } from '../rounds.ts';
import { rowOf } from '../row.ts';
import { check, type Scenario } from '../scenario.ts';
import { EventContext, masterJson } from '../shipped.ts';
import { type SignUp, standardEvents } from '../standard-event.ts';

const ROUNDS = 51;
const SLICE = 2000;
const RECORDED_AT = new Date(1_767_323_045_678);

export const master: Scenario = {
  name: 'master',
  async run() {
    const events = standardEvents();
    for (const [i, event] of events.entries())
      check(timeless(ours(event, `id-${i}`)) === timeless(byHand(event, `id-${i}`)), 'not the same text');
    const side = (write: (event: SignUp, id: string) => string) => () => {
      let bytes = 0;
      const start = now();
      // Into bytes, as the adapter does it: a text that was put together is one only then.
      for (let i = 0; i < SLICE; i++)
        bytes += Buffer.from(write(events[i % events.length] as SignUp, `boot-0-${i}`)).length;
      const each = ((now() - start) / SLICE) * 1000;
      check(bytes > 0, 'no text');
      return each;
    };
    const measured = await interleave(ROUNDS, { ours: side(ours), theirs: side(byHand) });
    return [
      rowOf({
        scenario: 'master record',
        yardstick: 'JSON.stringify by hand',
        unit: 'us',
        target: { type: 'ratio_at_most', ratio: 1 },
        ...measured,
      }),
    ];
  },
};

function ours({ user, step, request }: SignUp, id: string): string {
  const eventContext = EventContext.fromContext(
    { eventSource: 'API', eventType: 'signup', eventAction: step },
    request,
  );
  return masterJson({ id, recordedAt: RECORDED_AT }, user.publicId, user, eventContext);
}

function byHand({ user, step, request: { request, session } }: SignUp, id: string): string {
  return JSON.stringify({
    event_id: id,
    event_source: 'API',
    event_type: 'signup',
    event_action: step,
    event_object: '',
    event_property: '',
    event_value: '',
    recorded_at: RECORDED_AT.toISOString(),
    sent_at: new Date().toISOString(),
    user: { id: String(user.id), public_id: user.publicId },
    session: { id: session?.id, index: session?.index },
    request: { id: request?.id, method: request?.method, path: request?.path?.split('?')[0] },
  });
}

function timeless(text: string): string {
  return text.replace(/"sent_at":"[^"]+",/, '');
}

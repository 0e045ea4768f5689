/** The record type of the soak. Poison fails every time; all else is sent. */
import { Message, Records } from '../../src/index.ts';

export interface SoakEvent {
  readonly n: number;
  readonly text: string;
  readonly poison?: true;
}

export const Soak = Records.define<SoakEvent>({
  name: 'Soak',
  url: import.meta.url,
  flushIntervalMs: 200,
  stableMs: 10_000,
  maxAttempts: 2,
  backoff: { initialMs: 20, maxMs: 500 },
  async handleEvent(events, { sendData }) {
    const poison = events.find(({ data }) => data.poison);
    if (poison !== undefined) throw new TypeError(`event ${poison.data.n} is poison`);
    await sendData(
      'soak',
      events.map(({ id, data }) => new Message(id, data)),
    );
  },
});

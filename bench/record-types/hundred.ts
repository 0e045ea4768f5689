/** A small event with a key of its own, which goes to one stream as JSON of 100 bytes: as it is, or by a handler. */
import { Message, Records } from '../shipped.ts';

export interface Hundred {
  readonly user: string;
  readonly step: string;
  readonly at: number;
  readonly page: string;
  readonly n: number;
}

export const HundredEvent = Records.define<Hundred>({
  name: 'Hundred',
  url: import.meta.url,
  forwardTo: { stream: 'hundred', partitionKey: 'user' },
});

export const HandledHundred = Records.define<Hundred>({
  name: 'HandledHundred',
  url: import.meta.url,
  handleEvent: (events, { sendData }) =>
    sendData(
      'hundred',
      events.map(({ data }) => new Message(data.user, data)),
    ),
});

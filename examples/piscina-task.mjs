/** What a thread of the pool does. */
import { Visit } from './events/visit.mjs';

export default function countLetters(page) {
  Visit.record({ page, user: 'pool' });
  return page.length;
}

/** The shop's customers: so many events a second, more and fewer by turns, most of them page views. */
import type { Clock, Timer } from '../../base/clock.ts';
import { type Random, systemRandom } from '../../base/random.ts';
import type { RecordHandle } from '../../pipeline/records.ts';
import type { ShopEvent } from './shop.ts';

export interface Shop {
  readonly SignUp: RecordHandle<ShopEvent>;
  readonly PageView: RecordHandle<ShopEvent>;
  readonly Checkout: RecordHandle<ShopEvent>;
}

const TICK_MS = 50;
/** From busy to quiet and back. */
const TIDE_MS = 60_000;
const USERS = 5000;
const PATHS = ['/', '/search', '/basket', '/lamps/17', '/chairs/4', '/tables/9'];

/** Records until the function that it returns is called. */
export function startTraffic(
  shop: Shop,
  perSecond: number,
  clock: Clock,
  random: Random = systemRandom,
): () => void {
  let timer: Timer;
  let owed = 0;
  let before = clock.now();
  const tick = (): void => {
    const now = clock.now();
    owed += ((now - before) / 1000) * perSecond * (1 + Math.sin((now / TIDE_MS) * 2 * Math.PI) / 2);
    before = now;
    for (; owed >= 1; owed--) recordOne(shop, random);
    timer = clock.setTimer(TICK_MS, tick);
  };
  timer = clock.setTimer(TICK_MS, tick);
  return () => timer.clear();
}

function recordOne({ SignUp, PageView, Checkout }: Shop, random: Random): void {
  const user = Math.floor(random() * USERS);
  const dice = random();
  if (dice < 0.1) Checkout.record({ user, what: 'paid' });
  else if (dice < 0.25) SignUp.record({ user, what: 'confirmed' });
  else PageView.record({ user, what: PATHS[Math.floor(random() * PATHS.length)] ?? '/' });
}

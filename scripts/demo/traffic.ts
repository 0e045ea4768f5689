/**
 * The traffic of the demo: so many sign-ups a second, and a page view for every fourth of them. What a full queue
 * refuses is recorded a moment later, so that in the end all of it has been accepted.
 */
import { MyEvent, type SignUp } from './my-event.ts';
import { PageView } from './page-view.ts';

const TICK_MS = 20;
const SIGN_UPS_PER_VIEW = 4;

export class Traffic {
  readonly #rate: number;
  readonly #total: number;
  #startedAt: number | undefined;
  #signUps = 0;
  #views = 0;
  #refused = 0;

  constructor({ events, rate }: { readonly events: number; readonly rate: number }) {
    this.#total = events;
    this.#rate = rate;
  }

  get signUps(): number {
    return this.#signUps;
  }

  get views(): number {
    return this.#views;
  }

  get refused(): number {
    return this.#refused;
  }

  get isOver(): boolean {
    return this.#signUps === this.#total && this.#views === this.#viewsFor(this.#total);
  }

  /** Waits for a moment, and records what has come due. The first call starts the clock. */
  async tick(): Promise<void> {
    this.#startedAt ??= performance.now();
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    const elapsedMs = performance.now() - this.#startedAt;
    const due = Math.min(this.#total, Math.floor((elapsedMs * this.#rate) / 1000));
    while (this.#signUps < due && this.#accepted(MyEvent.record(signUp(this.#signUps + 1)))) this.#signUps++;
    const viewsDue = this.#viewsFor(this.#signUps);
    while (this.#views < viewsDue && this.#accepted(PageView.record(pageViewed(this.#views + 1))))
      this.#views++;
  }

  #viewsFor(signUps: number): number {
    return Math.ceil(signUps / SIGN_UPS_PER_VIEW);
  }

  #accepted(accepted: boolean): boolean {
    if (!accepted) this.#refused++;
    return accepted;
  }
}

function signUp(id: number): SignUp {
  return {
    user: { id, publicId: `user-${id}` },
    step: 'confirm',
    request: {
      request: { id: `request-${id}`, method: 'POST', path: '/sign-up/confirm' },
      device: { type: 'desktop', locale: 'en' },
    },
  };
}

function pageViewed(view: number) {
  return { view, path: '/welcome' };
}

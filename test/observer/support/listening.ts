/** Hears what is published, and gives it to a test as it comes; hears nothing any more when the test is over. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { channels, type Messages } from '../../../src/pipeline/telemetry/telemetry.ts';

export class Listening {
  readonly #heard = new Map<string, unknown[]>();
  readonly #open: (readonly [string, (message: unknown) => void])[] = [];
  readonly #waiting = new Set<() => void>();

  to(...names: readonly (keyof Messages)[]): void {
    for (const name of names) {
      const listener = (message: unknown): void => {
        this.#heard.set(name, [...(this.#heard.get(name) ?? []), message]);
        for (const look of this.#waiting) look();
      };
      const channel = String(channels[name].name);
      subscribe(channel, listener);
      this.#open.push([channel, listener]);
    }
  }

  of<Name extends keyof Messages>(name: Name): readonly Messages[Name][] {
    return (this.#heard.get(name) ?? []) as Messages[Name][];
  }

  /** The first message that is as it should be, whether it has come or is to come. */
  until<Name extends keyof Messages>(
    name: Name,
    holds: (message: Messages[Name]) => boolean = () => true,
  ): Promise<Messages[Name]> {
    return new Promise((resolve) => {
      const look = (): void => {
        const found = this.of(name).find(holds);
        if (found === undefined) return;
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }

  close(): void {
    for (const [channel, listener] of this.#open.splice(0)) unsubscribe(channel, listener);
    this.#waiting.clear();
    this.#heard.clear();
  }
}

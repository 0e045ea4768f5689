/** A page in front of an observer: it is opened, or takes single looks, until it is closed. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { PageOrder } from './page-process.ts';

export class Page {
  readonly #url: string;
  readonly #child: ChildProcess;

  constructor(url: string) {
    this.#url = url;
    this.#child = fork(fileURLToPath(new URL('./page-process.js', import.meta.url)));
  }

  /** Resolves when the first of the event stream has come. */
  open(): Promise<void> {
    return this.#ask('open');
  }

  /** Resolves when a whole picture has come. */
  look(): Promise<void> {
    return this.#ask('look');
  }

  async close(): Promise<void> {
    const closed = once(this.#child, 'exit');
    this.#child.disconnect();
    await closed;
  }

  async #ask(type: PageOrder['type']): Promise<void> {
    const done = once(this.#child, 'message');
    this.#child.send({ type, url: this.#url } satisfies PageOrder);
    await done;
  }
}

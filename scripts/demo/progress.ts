/** How far the demo is: a bar on a terminal, a line now and then elsewhere. What is printed meanwhile goes above it. */
import { SingleBar } from 'cli-progress';

const LINES = 10;

export interface Progress {
  update(value: number): void;
  print(text: string): void;
  /** Takes the bar away, until the next update. */
  pause(): void;
}

export function startProgress(label: string, total: number): Progress {
  return process.stdout.isTTY ? new Bar(label, total) : new Lines(label, total);
}

class Bar implements Progress {
  readonly #label: string;
  readonly #total: number;
  #bar: SingleBar | undefined;

  constructor(label: string, total: number) {
    this.#label = label;
    this.#total = total;
  }

  update(value: number): void {
    if (this.#bar === undefined) {
      this.#bar = new SingleBar({
        format: `${this.#label} [{bar}] {percentage} % | {value} of {total}`,
        stream: process.stdout,
        barCompleteChar: '=',
        barIncompleteChar: ' ',
        clearOnComplete: true,
        hideCursor: true,
      });
      this.#bar.start(this.#total, value);
    }
    this.#bar.update(value);
  }

  print(text: string): void {
    this.pause();
    console.log(text);
  }

  pause(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }
}

class Lines implements Progress {
  readonly #label: string;
  readonly #total: number;
  #shown = 0;

  constructor(label: string, total: number) {
    this.#label = label;
    this.#total = total;
  }

  update(value: number): void {
    const step = Math.floor((value * LINES) / this.#total);
    if (step <= this.#shown) return;
    this.#shown = step;
    this.print(`${this.#label}: ${value} of ${this.#total}`);
  }

  print(text: string): void {
    console.log(text);
  }

  pause(): void {}
}

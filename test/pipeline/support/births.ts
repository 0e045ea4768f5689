/** Hears of the processes of a runtime as they come to life. */
import type { Process } from '../../../src/otp/process.ts';
import type { RuntimeObserver } from '../../../src/otp/runtime.ts';

export class Births implements RuntimeObserver {
  readonly all: Process[] = [];
  readonly #waiting = new Set<() => void>();

  spawned(process: Process): void {
    this.all.push(process);
    for (const look of this.#waiting) look();
  }

  /** Those with this title, in the order of their births. */
  of(title: string): Process[] {
    return this.all.filter((process) => titleOf(process) === title);
  }

  /** The titles of all, in the order of their births. */
  get titles(): string[] {
    return this.all.map(titleOf);
  }

  /** Resolves with the first that has this title. */
  first(title: string): Promise<Process> {
    return this.nth(title, 1);
  }

  nth(title: string, count: number): Promise<Process> {
    return new Promise((resolve) => {
      const look = (): void => {
        const found = this.of(title)[count - 1];
        if (found === undefined) return;
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }

  parentOf(process: Process): string {
    const parent = this.all.find(({ pid }) => pid.key === process.parent?.key);
    return parent === undefined ? 'nobody' : titleOf(parent);
  }
}

function titleOf({ label, name, behaviour }: Process): string {
  return label ?? (typeof name === 'string' ? name : behaviour.kind);
}

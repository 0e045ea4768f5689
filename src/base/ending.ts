/**
 * The end of something, told to the one who attends to it: who began last. A promise would keep everybody who ever
 * waited for it until the end comes, and what lives long has many attendants, one after the other.
 */
export class Ending {
  #error: Error | undefined;
  #attendant: ((error: Error) => void) | undefined;

  /** Calls `attendant` with what ended it: at once, when it has ended. Whoever attended before is not called any more. */
  attend(attendant: (error: Error) => void): void {
    if (this.#error !== undefined) attendant(this.#error);
    else this.#attendant = attendant;
  }

  /** It has ended; a second time says nothing new. */
  arrive(error: Error): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    this.#attendant?.(error);
    this.#attendant = undefined;
  }
}

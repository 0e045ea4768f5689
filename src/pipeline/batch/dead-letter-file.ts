/**
 * A file of dead letters, one line of JSON each. When a line would make it larger than `maxBytes` it becomes `<file>.1`,
 * the one before that `<file>.2`, and so on; of those, `keep` stay.
 *
 * The rule: a letter has been taken when its whole line is written. A line that could not be written whole is cut off
 * again, so that the letter can be offered again. One process a file.
 */
import { open, rename, rm, stat } from 'node:fs/promises';

export interface DeadLetterFileOptions {
  readonly file: string;
  /** Default: 64 MiB. */
  readonly maxBytes?: number;
  /** How many full files stay beside the one that is written. Default: 8. */
  readonly keep?: number;
}

const MAX_BYTES = 64 * 1024 * 1024;
const KEEP = 8;
const NEWLINE = 10;

export class DeadLetterFile {
  readonly #file: string;
  readonly #maxBytes: number;
  readonly #keep: number;
  readonly #removed: (file: string) => void;
  /** One letter after the other, from whatever types they come. */
  #last: Promise<void> = Promise.resolve();
  #looked = false;

  /** `removed` is told when letters are deleted because so many came after them. */
  constructor(
    { file, maxBytes = MAX_BYTES, keep = KEEP }: DeadLetterFileOptions,
    removed: (file: string) => void,
  ) {
    this.#file = file;
    this.#maxBytes = maxBytes;
    this.#keep = keep;
    this.#removed = removed;
  }

  /** Resolves when the line is written; rejects with the error of the file system. */
  append(line: string): Promise<void> {
    const mine = this.#last.then(() => this.#write(`${line}\n`));
    this.#last = mine.catch(() => {});
    return mine;
  }

  async #write(line: string): Promise<void> {
    if (!this.#looked) {
      await this.#endLine();
      this.#looked = true;
    }
    const bytes = Buffer.from(line);
    let size = (await sizeOf(this.#file)) ?? 0;
    if (size > 0 && size + bytes.length > this.#maxBytes) {
      await this.#rotate();
      size = 0;
    }
    const handle = await open(this.#file, 'a', 0o600);
    try {
      await handle.appendFile(bytes);
    } catch (error) {
      await handle.truncate(size);
      throw error;
    } finally {
      await handle.close();
    }
  }

  /** A process that was killed may have left half a line: what comes next does not continue it. */
  async #endLine(): Promise<void> {
    const size = await sizeOf(this.#file);
    if (size === undefined || size === 0) return;
    const handle = await open(this.#file, 'r+');
    try {
      const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
      if (buffer[0] !== NEWLINE) await handle.write('\n', size);
    } finally {
      await handle.close();
    }
  }

  async #rotate(): Promise<void> {
    const oldest = `${this.#file}.${this.#keep}`;
    if ((await sizeOf(oldest)) !== undefined) {
      await rm(oldest);
      this.#removed(oldest);
    }
    for (let n = this.#keep - 1; n >= 1; n--) {
      const file = `${this.#file}.${n}`;
      if ((await sizeOf(file)) !== undefined) await rename(file, `${this.#file}.${n + 1}`);
    }
    await rename(this.#file, `${this.#file}.1`);
  }
}

async function sizeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

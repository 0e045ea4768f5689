/**
 * Where the files are that are loaded by their URL: what a thread begins with, what it is for, the thread's half of an
 * adapter. Each beside the file that names it, as the package has them; or all in one folder, under the same names, when a
 * bundler has taken that file elsewhere.
 */
import { ThreadError } from './errors.ts';

export interface Entry {
  /** Its path in the package, and in a folder of entries: `kinesis/entry.js`. */
  readonly name: string;
  /** Beside the file that names it. */
  readonly beside: string;
}

/**
 * `beside` says `new URL('./<name>', import.meta.url)`. In a bundle of CommonJS there is no `import.meta.url`: then
 * nothing is beside it, which is told when the entry is needed.
 */
export function entry(name: string, beside: () => URL): Entry {
  try {
    return { name, beside: beside().href };
  } catch {
    return { name, beside: name };
  }
}

export class Entries {
  readonly #folder: string | undefined;

  /** The URL of a folder, with a slash at its end. Undefined: each is beside the file that names it. */
  constructor(folder: string | undefined) {
    this.#folder = folder;
  }

  /** Where an entry has to be. */
  urlOf({ name, beside }: Entry): string {
    return this.#folder === undefined ? beside : `${this.#folder}${name}`;
  }

  /**
   * The URL of an entry that is there.
   *
   * @throws ThreadError `ERR_THREAD_ENTRY`
   */
  find(wanted: Entry): string {
    const url = this.urlOf(wanted);
    // Not imported: that costs each import of beamline 2 ms.
    const { accessSync, constants } = process.getBuiltinModule('node:fs');
    const { fileURLToPath } = process.getBuiltinModule('node:url');
    try {
      accessSync(fileURLToPath(url), constants.R_OK);
    } catch (cause) {
      throw new ThreadError('ERR_THREAD_ENTRY', this.#missing(url, cause), { cause });
    }
    return url;
  }

  #missing(url: string, cause: unknown): string {
    const { code } = cause as { readonly code?: unknown };
    return this.#folder === undefined
      ? `beamline cannot read its own file ${url} (${code}): a bundler has taken beamline into another file. ` +
          'Keep it external, or give its entries a folder and name that by the option entries; see docs/loading.md'
      : `beamline cannot read its own file ${url} (${code}), which should be in the folder that the option entries ` +
          '(or BEAMLINE_ENTRIES) names. Have the build put it there; see docs/loading.md';
  }
}

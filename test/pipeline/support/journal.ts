/**
 * What handlers tell a test about themselves, from whatever threads they run in. An entry is told when it is posted;
 * those of one thread arrive in the order in which they were posted.
 */
import { BroadcastChannel, threadId } from 'node:worker_threads';

const CHANNEL = 'beamline tests: journal';

export interface Entry {
  readonly recordType: string;
  readonly step: string;
  readonly n: readonly number[];
  readonly ids: readonly string[];
  readonly attempt: number;
  readonly thread: number;
  readonly note: string;
}

const out = new BroadcastChannel(CHANNEL);
out.unref();

/** Handler: tells the test. */
export function tell(entry: { readonly recordType: string; readonly step: string } & Partial<Entry>): void {
  out.postMessage({ n: [], ids: [], attempt: 0, thread: threadId, note: '', ...entry } satisfies Entry);
}

/** Test: hears what is told from its creation on. */
export class Journal {
  readonly entries: Entry[] = [];
  readonly #in = new BroadcastChannel(CHANNEL);
  readonly #waiting = new Set<() => void>();

  constructor() {
    this.#in.unref();
    this.#in.onmessage = (event) => {
      this.entries.push((event as { readonly data: Entry }).data);
      for (const look of this.#waiting) look();
    };
  }

  /** Those of one step, of one record type if that is said. */
  of(step: string, recordType?: string): Entry[] {
    return this.entries.filter(
      (entry) => entry.step === step && (recordType === undefined || entry.recordType === recordType),
    );
  }

  /** Resolves with the entries of a step as soon as there are so many. */
  until(step: string, count: number, recordType?: string): Promise<Entry[]> {
    return new Promise((resolve) => {
      const look = (): void => {
        const found = this.of(step, recordType);
        if (found.length < count) return;
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }

  close(): void {
    this.#in.close();
  }
}

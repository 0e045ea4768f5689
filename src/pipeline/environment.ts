/**
 * What this thread is to beamline: one state for each thread of the process, and the record types that its modules
 * have defined. The only mutable state of the library that no object owns. It is the same for all copies of this module
 * in the thread, of which a bundler makes one for each file that it does not split.
 *
 *     idle ---> application ---> stopped ---> application ...        the main thread
 *     idle ---> record_thread                                       a record type's thread, for ever
 *     idle ---> attached ---> attached ...                          a thread that called Records.attach
 */

import { VERSION } from '../base/version.ts';
import type { DirectoryHandle, Recorder } from '../threads/directory.ts';
import type { Entries } from '../threads/entries.ts';
import type { Definition } from './definition.ts';
import { BeamlineError } from './errors.ts';

export type Environment =
  | { readonly type: 'idle' }
  | {
      readonly type: 'application';
      readonly recorder: Recorder;
      readonly entries: Entries;
      /** Gives a type that is defined from now on its queue. */
      readonly admit: (definition: Definition) => void;
      readonly names: () => string[];
      readonly share: () => DirectoryHandle;
      readonly flush: (recordType: string) => Promise<void>;
    }
  /** Records go to the queues of the application that has stopped, which refuse and count them. */
  | {
      readonly type: 'stopped';
      readonly recorder: Recorder;
      /** As of the application: its queue is closed from the beginning. */
      readonly admit: (definition: Definition) => void;
      readonly names: () => string[];
    }
  | {
      readonly type: 'record_thread';
      readonly recorder: Recorder;
      readonly names: () => string[];
      readonly recordType: string;
      readonly url: string;
    }
  | {
      readonly type: 'attached';
      readonly recorder: Recorder;
      readonly names: () => string[];
      /** Of which application. */
      readonly bootId: string;
      readonly leave: () => void;
    };

interface Shared {
  current: Environment;
  readonly definitions: Map<string, Definition>;
}

/** What is in it has another form in another version. */
const KEY = Symbol.for(`beamline ${VERSION}`);
const copies = globalThis as { [KEY]?: Shared };
const shared: Shared = copies[KEY] ?? { current: { type: 'idle' }, definitions: new Map() };
copies[KEY] = shared;
const { definitions } = shared;

export function environment(): Environment {
  return shared.current;
}

export function setEnvironment(next: Environment): void {
  shared.current = next;
}

export function definedTypes(): ReadonlyMap<string, Definition> {
  return definitions;
}

/**
 * Keeps a definition. The same name from the same module again replaces it (a module that is loaded anew).
 *
 * @throws BeamlineError `ERR_TYPE_CONFLICT` when another module has that name.
 */
export function keepDefinition(definition: Definition): void {
  const known = definitions.get(definition.name);
  if (known !== undefined && withoutQuery(known.url) !== withoutQuery(definition.url)) {
    throw new BeamlineError('ERR_TYPE_CONFLICT', {
      recordType: definition.name,
      urls: [known.url, definition.url],
    });
  }
  definitions.set(definition.name, definition);
  const { current } = shared;
  if (current.type === 'application' || current.type === 'stopped') current.admit(definition);
}

/** A module that is loaded anew, in watch mode, has the same URL with another query. */
function withoutQuery(url: string): string {
  const { origin, pathname, protocol } = new URL(url);
  return protocol === 'file:' ? pathname : `${origin}${pathname}`;
}

/** Names, which are held on the main thread, for processes of either thread. */
import { at, type Destination, type LocalName, type NodeId, type Via } from '../../src/otp/pid.ts';
import type { Process } from '../../src/otp/process.ts';
import {
  type RegisterResult,
  register,
  registerAt,
  unregister,
  unregisterAt,
  update,
  updateAt,
} from '../../src/otp/registry.ts';
import type { Awaitable } from './awaitable.ts';
import type { Json } from './format.ts';

export interface Names {
  /** The name as a message can be sent to it. */
  destination(name: LocalName | Via): Destination;
  register(self: Process, registry: LocalName, key: Json, value: Json): Awaitable<RegisterResult>;
  unregister(self: Process, registry: LocalName, key: Json): Awaitable<void>;
  update(
    self: Process,
    registry: LocalName,
    key: Json,
    value: Json,
  ): Awaitable<{ readonly before: unknown } | undefined>;
  registerName(self: Process, name: LocalName): Awaitable<void>;
  unregisterName(self: Process, name: LocalName): Awaitable<void>;
}

/** For processes of the thread that holds the names. */
export const NAMES_HERE: Names = {
  destination: (name) => name,
  register,
  unregister,
  update,
  registerName: (self, name) => self.register(name),
  unregisterName: (self, name) => self.unregister(name),
};

/** For processes of another thread than the one that holds the names. */
export function namesAt(node: NodeId): Names {
  return {
    destination: (name) => at(node, name),
    register: (self, registry, key, value) => registerAt(self, at(node, registry), key, value),
    unregister: (self, registry, key) => unregisterAt(self, at(node, registry), key),
    update: (self, registry, key, value) => updateAt(self, at(node, registry), key, value),
    registerName: (self, name) => self.registerAt(node, name),
    unregisterName: (self, name) => self.unregisterAt(node, name),
  };
}

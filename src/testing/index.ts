/** Helpers for tests of what is built on beamline. */
export {
  type InjectedFailure,
  type MemoryDescriptor,
  memory,
  type StoredMessage,
} from '../pipeline/adapter/memory.ts';
export { ManualClock } from './manual-clock.ts';

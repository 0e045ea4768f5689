/**
 * The recording side of the event queue, apart from the reading one: what is loaded with `import 'beamline'`, and all that
 * a thread needs to record. How it is used: index.ts.
 */

export {
  type ConfirmationsHandle,
  ConfirmationTable,
  type Confirmed,
  createConfirmations,
  type Until,
} from './confirmations.ts';
export { countsOf, lettersIn, type QueueCounts } from './counts.ts';
export { createJournalBell, type JournalHandle } from './journal-bell.ts';
export { createQueue, type QueueHandle, type QueueOptions } from './layout.ts';
export { RecordingThread, type RecordingThreadOptions } from './recording-thread.ts';
export { type Door, QueueSignals } from './signals.ts';
export { blockFor, RECHECK_MS, type Watch } from './wait.ts';
export { type Confirmable, QueueWriter, sealSegmentsOf, TappedWriter } from './writer.ts';

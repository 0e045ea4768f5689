/** A worker thread that records: its share of the events, in bursts, into both types. Tells what was accepted. */

import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { Records, type RecordsHandle } from '../../src/index.ts';
import { ChaosA, ChaosB } from './events.ts';

export interface WriterTask {
  readonly records: RecordsHandle;
  readonly writer: number;
  readonly events: number;
  readonly perSecond: number;
  /** Numbers of the events that are poison, and how. */
  readonly poison: readonly (readonly [number: number, how: 'throw' | 'exit'])[];
}

const BURST_MS = 20;

async function main({ records, writer, events, perSecond, poison }: WriterTask): Promise<void> {
  Records.attach(records);
  const planted = new Map(poison);
  const burst = Math.max(1, Math.round((perSecond * BURST_MS) / 1000));
  const refused: string[] = [];
  for (let n = 0; n < events; ) {
    for (const end = Math.min(events, n + burst); n < end; n++) {
      const how = planted.get(n);
      const event = {
        key: `${writer}-${n}`,
        text: 'é'.repeat(n % 50),
        ...(how === undefined ? {} : { poison: how }),
      };
      const type = n % 2 === 0 ? ChaosA : ChaosB;
      if (!type.record(event)) refused.push(event.key);
    }
    await sleep(BURST_MS);
  }
  parentPort?.postMessage(refused);
}

void main(workerData as WriterTask);

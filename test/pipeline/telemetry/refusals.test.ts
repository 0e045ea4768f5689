import { expect } from 'chai';
import { systemClock } from '../../../src/base/clock.ts';
import type { RecordType } from '../../../src/pipeline/site/record-type.ts';
import { Refusals } from '../../../src/pipeline/telemetry/refusals.ts';
import { ManualClock } from '../../../src/testing/manual-clock.ts';
import { createQueue, QueueSignals, QueueWriter, RecordingThread } from '../../../src/threads/queue/index.ts';

describe('Refused events', () => {
  it('are told in the log at once, and then once a second with their number', async () => {
    const queue = createQueue({
      bootId: 'b',
      queueBytes: 2 * 1024,
      parkedBytes: 0,
      maxEventBytes: 256,
      segmentBytes: 1024,
    });
    const writer = new QueueWriter(queue, new RecordingThread({ writer: 0, clock: systemClock }));
    const signals = new QueueSignals(queue);
    signals.door = 'attended';
    const clock = new ManualClock();
    const lines: unknown[] = [];
    const logger = {
      warn: ({ refused, refusedInAll }: Record<string, unknown>) => lines.push([refused, refusedInAll]),
    };
    const refusals = new Refusals({
      name: 'Full',
      signals,
      options: { queueBytes: 2 * 1024 },
      logger,
      engine: { clock },
    } as unknown as RecordType);
    const refuse = (count: number): void => {
      for (let refused = 0; refused < count; ) if (!writer.append({ text: 'x'.repeat(100) })) refused++;
    };

    refusals.look();
    expect(lines).to.deep.equal([]);
    refuse(1);
    expect(await signals.attentionWanted({ clock: systemClock, recheckMs: 1000 })).to.equal('wanted');
    refusals.look();
    refuse(3);
    refusals.look();
    expect(lines).to.deep.equal([[1, 1]]);
    clock.advance(1000);
    expect(lines).to.deep.equal([
      [1, 1],
      [3, 4],
    ]);
    clock.advance(5000);
    expect(lines).to.have.lengthOf(2);
    refuse(2);
    refusals.look();
    expect(lines.at(-1)).to.deep.equal([2, 6]);
  });
});

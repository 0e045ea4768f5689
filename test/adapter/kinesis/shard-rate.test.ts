import { expect } from 'chai';
import { ShardRate } from '../../../src/pipeline/adapter/kinesis/shard-rate.ts';

/** Sends as much as it may for so long, to a shard that takes `taken` records a second; gives what came of it. */
function play(rate: ShardRate, { from, ms, taken }: { from: number; ms: number; taken: number }) {
  let sent = 0;
  let refused = 0;
  let tokens = 0;
  const stepMs = 20;
  for (let now = from; now < from + ms; now += stepMs) {
    tokens = Math.min(taken, tokens + (taken * stepMs) / 1_000);
    const { records } = rate.allowance(now);
    const asked = Math.min(records, 500);
    if (asked === 0) continue;
    const { epoch } = rate;
    rate.take(asked, asked);
    const admitted = Math.min(asked, Math.floor(tokens));
    tokens -= admitted;
    sent += asked;
    refused += asked - admitted;
    rate.answered(now, epoch, asked, asked - admitted);
  }
  return { sent, refused };
}

describe('kinesis adapter: how fast a shard is sent to', () => {
  it('is bounded by nothing until the shard throttles', () => {
    const rate = new ShardRate();
    expect(rate.allowance(0).records).to.equal(Number.POSITIVE_INFINITY);
    rate.answered(0, rate.epoch, 500, 0);
    expect(rate.readyAt(5, 1_000)).to.equal(5);
    expect(rate.share).to.equal(null);
  });

  it('begins at what a shard takes, and is cut by the part that was refused', () => {
    const rate = new ShardRate();
    rate.answered(0, rate.epoch, 500, 400);
    expect(rate.share).to.equal(1);
    rate.answered(0, rate.epoch, 100, 20);
    expect(rate.share).to.be.closeTo(0.8, 0.001);
    rate.answered(0, rate.epoch, 100, 1);
    expect(rate.share).to.be.closeTo(0.76, 0.001);
    rate.answered(0, rate.epoch, 100, 99);
    expect(rate.share).to.be.closeTo(0.38, 0.001);
  });

  it('is cut once for all requests that were under way', () => {
    const rate = new ShardRate();
    rate.answered(0, rate.epoch, 500, 400);
    const { epoch } = rate;
    for (let i = 0; i < 10; i++) rate.answered(0, epoch, 100, 50);
    expect(rate.share).to.be.closeTo(0.5, 0.001);
  });

  it('waits for a request worth sending, and no longer than for what waits', () => {
    const rate = new ShardRate();
    rate.answered(0, rate.epoch, 500, 400);
    expect(rate.allowance(0)).to.deep.equal({ records: 0, bytes: 0 });
    expect(rate.readyAt(0, 500)).to.be.closeTo(100, 0.1);
    expect(rate.readyAt(0, 10)).to.be.closeTo(10, 0.1);
  });

  it('lets a record through that is larger than its allowance, and makes up for it', () => {
    const rate = new ShardRate();
    rate.answered(0, rate.epoch, 500, 400);
    expect(rate.allowance(50).bytes).to.be.greaterThan(0);
    rate.take(1, 1024 * 1024);
    expect(rate.readyAt(50, 1)).to.be.within(900, 1_050);
  });

  it('finds what the shard takes, with few refused', () => {
    const rate = new ShardRate();
    rate.answered(0, rate.epoch, 500, 400);
    play(rate, { from: 0, ms: 10_000, taken: 300 });
    const { sent, refused } = play(rate, { from: 10_000, ms: 20_000, taken: 300 });
    expect((sent - refused) / 6_000).to.be.within(0.9, 1.05);
    expect(refused / sent).to.be.lessThan(0.1);
  });

  it('goes down to 5 records a second while all is refused, and comes back within a second or two', () => {
    const rate = new ShardRate();
    rate.answered(0, rate.epoch, 500, 400);
    play(rate, { from: 0, ms: 10_000, taken: 1_000 });
    play(rate, { from: 10_000, ms: 60_000, taken: 0 });
    expect(rate.share).to.equal(0.005);
    const { sent } = play(rate, { from: 70_000, ms: 3_000, taken: 1_000 });
    expect(rate.share).to.be.greaterThan(0.8);
    expect(sent).to.be.greaterThan(500);
  });

  it('is let go when the shard has not throttled for long', () => {
    const rate = new ShardRate();
    rate.answered(0, rate.epoch, 500, 400);
    play(rate, { from: 0, ms: 1_000_000, taken: 1_000_000 });
    expect(rate.share).to.equal(null);
  });
});

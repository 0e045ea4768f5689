import { expect } from 'chai';
import { Ending } from '../src/base/ending.ts';

describe('Ending', () => {
  const told: string[] = [];
  const attendant =
    (name: string) =>
    (error: Error): void =>
      void told.push(`${name}: ${error.message}`);
  beforeEach(() => {
    told.length = 0;
  });

  it('is told to the one who began to attend last, and to nobody before', () => {
    const ending = new Ending();
    ending.attend(attendant('first'));
    ending.attend(attendant('second'));
    expect(told).to.deep.equal([]);
    ending.arrive(new Error('over'));
    expect(told).to.deep.equal(['second: over']);
  });

  it('is told at once to whoever begins to attend afterwards, and comes once', () => {
    const ending = new Ending();
    ending.arrive(new Error('over'));
    ending.arrive(new Error('again'));
    ending.attend(attendant('late'));
    ending.attend(attendant('later'));
    expect(told).to.deep.equal(['late: over', 'later: over']);
  });
});

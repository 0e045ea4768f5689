import { expect } from 'chai';
import { closestName } from '../../../src/pipeline/options/closest-name.ts';

describe('closestName', () => {
  const names = ['batchSize', 'flushIntervalMs', 'maxDemand', 'maxAttempts', 'logger'];

  function meant(name: string, closest: string | null): void {
    expect(closestName(name, names), name).to.equal(closest);
  }

  it('finds a name that was misspelt', () => {
    meant('batchSize', 'batchSize');
    meant('BATCHSIZE', 'batchSize');
    meant('batchSzie', 'batchSize');
    meant('batcSize', 'batchSize');
    meant('batch_size', 'batchSize');
    meant('maxDemands', 'maxDemand');
    meant('maxAttempt', 'maxAttempts');
    meant('loger', 'logger');
  });

  it('finds a name of which a part was given', () => {
    meant('flush', 'flushIntervalMs');
    meant('loggerInstance', 'logger');
  });

  it('finds nothing where nothing is near', () => {
    meant('colour', null);
    meant('', null);
    meant('max', null);
    meant('b'.repeat(100_000), null);
  });
});

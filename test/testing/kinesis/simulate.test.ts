/** The rows of `npm run simulate` that are quick: each reaches what it is to reach. */
import { expect } from 'chai';
import { rows } from '../../../scripts/simulate/rows.ts';

describe('npm run simulate', function () {
  this.timeout(60_000);

  for (const name of ['overload-1', 'overload-2', 'reshard', 'outage', 'one-shard']) {
    it(`reaches the target of ${name}`, async () => {
      const row = rows.find((candidate) => candidate.name === name);
      const played = await row?.play();
      expect(played?.reached, played?.result).to.equal(true);
    });
  }
});

/** The rows of the tree: what is open, what a search leaves, what has ended. */
import { expect } from 'chai';
import { type Row, rowsOf } from '../../../src/observer/page/rows.ts';
import { aNode, NOW } from '../support/pictures.ts';

const nodes = [
  aNode({ id: 'Application', name: 'Application', parent: null }),
  aNode({ id: 'Registry', name: 'Registry', parent: 'Application' }),
  aNode({ id: 'ProducerSupervisor', name: 'ProducerSupervisor', parent: 'Application' }),
  aNode({ id: 'Producer/A', name: 'Producer', recordType: 'A', parent: 'ProducerSupervisor' }),
  aNode({ id: 'Producer/B', name: 'Producer', recordType: 'B', parent: 'ProducerSupervisor', thread: 7 }),
];

function shown(rows: readonly Row[]): string[] {
  return rows.map((row) => `${'  '.repeat(row.depth)}${row.id}`);
}

describe('The rows of the tree', () => {
  const rows = (part: Partial<Parameters<typeof rowsOf>[0]>): readonly Row[] =>
    rowsOf({ nodes, tombstones: [], isClosed: () => false, search: '', ...part });

  it('are all processes, as deep as they are', () => {
    expect(shown(rows({}))).to.deep.equal([
      'Application',
      '  Registry',
      '  ProducerSupervisor',
      '    Producer/A',
      '    Producer/B',
    ]);
  });

  it('leave out what is under something closed', () => {
    expect(shown(rows({ isClosed: ({ id }) => id === 'ProducerSupervisor' }))).to.deep.equal([
      'Application',
      '  Registry',
      '  ProducerSupervisor',
    ]);
  });

  for (const [search, found] of [
    ['producer b', ['Producer/B']],
    ['thread 7', ['Producer/B']],
    ['PRODUCERSUP', ['ProducerSupervisor']],
    ['nothing like it', []],
  ] as const) {
    it(`keep the ancestors of what '${search}' finds, whatever is closed`, () => {
      const result = rows({ search, isClosed: ({ id }) => id === 'ProducerSupervisor' });
      const hits = result.filter((row) => row.type === 'process' && row.found).map(({ id }) => id);
      expect(hits).to.deep.equal(found);
      if (found.length > 0) expect(result[0]?.id).to.equal('Application');
    });
  }

  it('show what has ended under what it belonged to', () => {
    const tombstone = {
      id: '<3.9>',
      parent: 'ProducerSupervisor',
      name: 'Consumer',
      kind: 'consumer',
      recordType: null,
      thread: 3,
      endedAt: NOW,
      reason: { message: 'killed', code: 'killed', stack: null },
    };
    expect(shown(rows({ tombstones: [tombstone] }))).to.include('    <3.9> ended');
  });
});

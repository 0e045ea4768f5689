import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { Entries, entry } from '../../src/threads/entries.ts';
import { ThreadError } from '../../src/threads/errors.ts';

const THERE = entry('fixtures/role.js', () => new URL('./fixtures/role.js', import.meta.url));
const GONE = entry('fixtures/gone.js', () => new URL('./fixtures/gone.js', import.meta.url));
/** As in a bundle of CommonJS, where `import.meta.url` is undefined. */
const NOWHERE = entry('fixtures/role.js', () => new URL('./fixtures/role.js', undefined));

describe('The entries', () => {
  let folder: string;
  let url: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'beamline entries '));
    url = `${pathToFileURL(folder).href}/`;
    mkdirSync(join(folder, 'fixtures'));
    writeFileSync(join(folder, 'fixtures/role.js'), '');
  });
  after(() => rmSync(folder, { recursive: true }));

  it('are beside the files that name them, or in the folder that is given, under the same names', () => {
    expect(new Entries(undefined).find(THERE)).to.equal(new URL('./fixtures/role.js', import.meta.url).href);
    expect(new Entries(url).find(THERE)).to.equal(`${url}fixtures/role.js`);
    expect(new Entries(url).find(NOWHERE)).to.equal(`${url}fixtures/role.js`);
  });

  const refusals = [
    [
      'beside a bundle',
      () => new Entries(undefined),
      GONE,
      /fixtures\/gone\.js \(ENOENT\).*Keep it external/,
    ],
    [
      'beside a bundle of CommonJS',
      () => new Entries(undefined),
      NOWHERE,
      /fixtures\/role\.js.*the option entries/,
    ],
    [
      'in the folder that is given',
      () => new Entries(url),
      GONE,
      /beamline%20entries.*gone\.js \(ENOENT\).*BEAMLINE_ENTRIES/,
    ],
  ] as const;
  for (const [where, entries, wanted, told] of refusals) {
    it(`are told by name when they are not there: ${where}`, () => {
      expect(() => entries().find(wanted))
        .to.throw(ThreadError, told)
        .with.property('code', 'ERR_THREAD_ENTRY');
    });
  }
});

/** The option `entries`, and copies of beamline in one thread, as bundles that are not split have them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { Application, type Logger } from '../../src/index.ts';
import { isAdapterClosed, RecordsRejectedError } from '../../src/pipeline/adapter/errors.ts';
import { withAttempt } from '../../src/pipeline/batch/attempt-history.ts';
import { environment, setEnvironment } from '../../src/pipeline/environment.ts';
import { parseApplicationOptions } from '../../src/pipeline/options/options.ts';
import { memory } from '../../src/testing/index.ts';
import { SignUpEvent } from './fixtures/sign-up.ts';

const folder = new URL('./some folder/', pathToFileURL(`${process.cwd()}/`));

describe('The option entries', () => {
  const given = [
    ['a path', 'some folder'],
    ['a path with a slash', './some folder/'],
    ['an absolute path', fileURLToPath(folder)],
    ['a file URL', folder],
    ['the text of one', folder.href.slice(0, -1)],
  ] as const;
  for (const [what, entries] of given) {
    it(`is the URL of a folder, from ${what}`, () => {
      expect(parseApplicationOptions({ adapter: memory(), entries }).entries).to.equal(folder.href);
    });
  }

  for (const entries of ['', 'https://localhost/entries', new URL('https://localhost/'), 7]) {
    it(`refuses ${typeof entries} '${entries}'`, () => {
      expect(() => parseApplicationOptions({ adapter: memory(), entries: entries as string })).to.throw(
        "entries: expected the folder of beamline's entries: a path, or a file URL",
      );
    });
  }

  it('fails the start when what the adapter begins with is not there, and the next start finds it', async () => {
    const error = await Application.start({ adapter: memory(), entries: 'nowhere' }).catch(
      (thrown) => thrown,
    );
    expect(error).to.include({ code: 'ERR_THREAD_ENTRY' });
    expect(error.message).to.match(/nowhere\/memory\/entry\.js \(ENOENT\)/);
    await (await Application.start({ adapter: memory() })).stop();
  });

  it('is where threads begin, and what they are for: a type whose thread finds nothing there says so', async () => {
    let logger!: Logger;
    const place = mkdtempSync(join(tmpdir(), 'beamline-entries-'));
    // What the adapter begins with, and nothing else.
    mkdirSync(join(place, 'memory'));
    writeFileSync(join(place, 'memory/entry.js'), '');
    const told = new Promise<Error>((resolve) => {
      const error = ({ err }: { readonly err?: Error }): void => {
        if (err !== undefined) resolve(err);
      };
      logger = { debug() {}, info() {}, warn() {}, error, child: () => logger };
    });
    const app = await Application.start({ adapter: memory(), entries: place, logger });
    SignUpEvent.record({ userId: 1, step: 'confirm' });
    const error = await told;
    await app.stop({ timeoutMs: 0 });
    rmSync(place, { recursive: true });
    expect(error).to.include({ code: 'ERR_THREAD_ENTRY' });
    expect(error.message).to.match(/thread-entry\.js \(ENOENT\)/);
  });
});

describe('Copies of beamline in one thread', () => {
  it('know the errors of one another', async () => {
    const url = new URL('../../src/pipeline/adapter/errors.js?copy', import.meta.url).href;
    const copy = (await import(url)) as typeof import('../../src/pipeline/adapter/errors.ts');
    const rejection = { index: 0, code: 'InvalidArgument', message: 'no', bytes: 9, limit: 8, attempts: [] };
    const error = new copy.RecordsRejectedError('signup', 1, [rejection]);
    expect(error, 'of another class').to.not.be.instanceOf(RecordsRejectedError);
    const [attempt] = withAttempt([], { attempt: 1, at: 0, error });
    expect(attempt?.rejections).to.deep.equal([rejection]);
    expect(isAdapterClosed(new copy.AdapterClosedError())).to.equal(true);
    expect(isAdapterClosed(error)).to.equal(false);
  });

  it('share what the thread is, and the record types that are defined', async () => {
    const url = new URL('../../src/pipeline/environment.js?copy', import.meta.url).href;
    const copy = (await import(url)) as typeof import('../../src/pipeline/environment.ts');
    expect(copy.environment, 'another module').to.not.equal(environment);
    const before = environment();
    expect(copy.environment()).to.equal(before);
    const next = { ...before };
    copy.setEnvironment(next);
    expect(environment()).to.equal(next);
    setEnvironment(before);
  });
});

import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { RecordsRejectedError } from '../../../src/pipeline/adapter/errors.ts';
import { withAttempt } from '../../../src/pipeline/batch/attempt-history.ts';
import { DeadLetterFile } from '../../../src/pipeline/batch/dead-letter-file.ts';
import { rejection } from '../support/application.ts';

describe('A file of dead letters', () => {
  let directory: string;
  let file: string;
  let removed: string[];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'beamline-'));
    file = join(directory, 'letters.jsonl');
    removed = [];
  });
  afterEach(() => rm(directory, { recursive: true }));

  const letters = (options: { maxBytes?: number; keep?: number } = {}, name = file) =>
    new DeadLetterFile({ file: name, ...options }, (gone) => removed.push(gone));
  const lines = async (name = file) => (await readFile(name, 'utf8')).trimEnd().split('\n');

  it('has a line for each, in the order in which they were given, and only its owner may read it', async () => {
    const sink = letters();
    await Promise.all(['a', 'b', 'c'].map((line) => sink.append(line)));
    expect(await lines()).to.deep.equal(['a', 'b', 'c']);
    expect((await stat(file)).mode & 0o777).to.equal(0o600);
  });

  it('is followed by a new one when it is full, and so many stay; the others are deleted, and that is told', async () => {
    const sink = letters({ maxBytes: 8, keep: 2 });
    for (let n = 10; n < 22; n++) await sink.append(`${n}.`);
    expect((await readdir(directory)).sort()).to.deep.equal([
      'letters.jsonl',
      'letters.jsonl.1',
      'letters.jsonl.2',
    ]);
    expect(await lines()).to.deep.equal(['20.', '21.']);
    expect(await lines(`${file}.1`)).to.deep.equal(['18.', '19.']);
    expect(await lines(`${file}.2`)).to.deep.equal(['16.', '17.']);
    expect(removed).to.deep.equal([`${file}.2`, `${file}.2`, `${file}.2`]);
  });

  it('takes a letter that is larger than a whole file', async () => {
    const sink = letters({ maxBytes: 8, keep: 2 });
    await sink.append('x'.repeat(100));
    await sink.append('y');
    expect(await lines(`${file}.1`)).to.deep.equal(['x'.repeat(100)]);
    expect(await lines()).to.deep.equal(['y']);
  });

  it('is not continued in the midst of a line that a killed process has left', async () => {
    await writeFile(file, '{"id":1}\n{"id":');
    await letters().append('{"id":2}');
    expect(await lines()).to.deep.equal(['{"id":1}', '{"id":', '{"id":2}']);
  });

  it('goes on where it was after a restart', async () => {
    await letters({ maxBytes: 6 }).append('a');
    await letters({ maxBytes: 6 }).append('b');
    expect(await lines()).to.deep.equal(['a', 'b']);
  });

  it('rejects what it could not write, and takes it when it can', async () => {
    const name = join(directory, 'later', 'letters.jsonl');
    const sink = letters({}, name);
    expect(await rejection(sink.append('a'))).to.include({ code: 'ENOENT' });
    await mkdir(join(directory, 'later'));
    await sink.append('a');
    expect(await lines(name)).to.deep.equal(['a']);
  });
});

describe('The history of attempts', () => {
  it('has the code or name of each error, and the newest twenty', () => {
    let history = withAttempt([], { attempt: 1, at: 5, error: new RangeError('far') });
    expect(history).to.deep.equal([{ attempt: 1, at: 5, code: 'RangeError', message: 'far' }]);
    const coded = Object.assign(new Error('x'.repeat(1000)), { code: 'ERR_X' });
    for (let attempt = 2; attempt <= 25; attempt++)
      history = withAttempt(history, { attempt, at: 6, error: coded });
    expect(history.map(({ attempt }) => attempt)).to.deep.equal(Array.from({ length: 20 }, (_, i) => i + 6));
    expect(history[0]).to.deep.equal({ attempt: 6, at: 6, code: 'ERR_X', message: 'x'.repeat(300) });
    expect(withAttempt([], { attempt: 1, at: 0, error: 'thrown text' })[0]).to.include({
      message: 'thrown text',
    });
  });

  it('names what the destination condemned, and in which requests that failed', () => {
    const attempts = [{ at: 3, code: 'InternalFailure', shardId: 'shardId-000000000001' }];
    const rejection = { index: 0, code: 'Bad', message: 'y'.repeat(400), bytes: 7, limit: null, attempts };
    const error = new RecordsRejectedError('s', 20, new Array(12).fill(rejection));
    const [failed] = withAttempt([], { attempt: 1, at: 5, error });
    expect(failed?.rejections).to.have.lengthOf(10);
    expect(failed?.rejections?.[0]).to.deep.equal({ ...rejection, message: 'y'.repeat(300) });
  });
});

/** The examples of tests of one's own record types pass, each under its own runner. */
import { expect } from 'chai';
import { run } from '../support/child.ts';

describe('The examples of tests', () => {
  it('pass under node:test', async () => {
    const { code, out, err } = await run(['--test', 'examples/testing/node-test.test.mjs']);
    expect(code, `${out}${err}`).to.equal(0);
    expect(out).to.match(/pass 4\b/);
  });

  it('pass under mocha', async () => {
    const { code, out, err } = await run([
      'node_modules/mocha/bin/mocha.js',
      '--no-config',
      'examples/testing/mocha.test.mjs',
    ]);
    expect(code, `${out}${err}`).to.equal(0);
    expect(out).to.include('2 passing');
  });
});

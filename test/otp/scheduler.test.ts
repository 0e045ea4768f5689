import { execFileSync } from 'node:child_process';
import { expect } from 'chai';

const RUNTIME = new URL('../../src/otp/runtime.js', import.meta.url).href;

/** A process whose behaviour breaks its promise never to throw. */
const FAULT = `
  const { Runtime } = await import(${JSON.stringify(RUNTIME)});
  process.on('uncaughtException', (error, origin) => console.log(origin, error.message));
  new Runtime().spawn({ kind: 'faulty', start() { throw new Error('a fault'); }, receive() {} });
`;

describe('The scheduler', () => {
  it('lets a fault of a behaviour be an uncaught exception, whatever is done with rejections', () => {
    const args = ['--unhandled-rejections=none', '--input-type=module', '--eval', FAULT];
    expect(execFileSync(process.execPath, args, { encoding: 'utf8' })).to.equal(
      'uncaughtException a fault\n',
    );
  });
});

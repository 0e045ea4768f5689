/** The files of the applications in which the package is tried: the same one, written as each way of loading needs it. */

/** Prints what became of its events as one line of JSON; `REPORT` finds it. */
const BODY = `
const EVENTS = 20;
const adapter = memory();
const app = await Application.start({ adapter, flushIntervalMs: 10 });
for (let i = 0; i < EVENTS; i++) SignUp.record({ user: 'u-' + i, step: 'confirm' });
const { accepted, delivered, pending } = await app.stop();
const threads = new Set(adapter.messages('signup').map(({ data }) => JSON.parse(String(data)).thread));
const report = { accepted, delivered, pending, sent: adapter.messages('signup').length, ownThread: !threads.has(0) };
`;

/** What every application has to report: all delivered, and by a thread that is not the main one. */
export const REPORT = { accepted: 20, delivered: 20, pending: 0, sent: 20, ownThread: true } as const;
export const INLINE_REPORT = JSON.stringify({ ...REPORT, ownThread: false });

const HANDLER = `sendData('signup', events.map(({ id, data }) => new Message(data.user, { id, ...data, thread: threadId })))`;

/** `url` is the code that says where the module will be. */
export function signUpIn(url: string): string {
  return `import { threadId } from 'node:worker_threads';
import { Message, Records } from 'beamline';
export const SignUp = Records.define({
  name: 'SignUp',
  url: ${url},
  handleEvent: (events, { sendData }) => ${HANDLER},
});
`;
}

export const signUp = signUpIn('import.meta.url');

export const signUpTyped = `import { threadId } from 'node:worker_threads';
import { Message, Records } from 'beamline';
interface Step { readonly user: string; readonly step: string }
export const SignUp = Records.define<Step>({
  name: 'SignUp',
  url: import.meta.url,
  handleEvent: (events, { sendData }) => ${HANDLER},
});
`;

export function signUpCommonIn(url: string): string {
  return `const { threadId } = require('node:worker_threads');
const { pathToFileURL } = require('node:url');
const { Message, Records } = require('beamline');
exports.SignUp = Records.define({
  name: 'SignUp',
  url: ${url},
  handleEvent: (events, { sendData }) => ${HANDLER},
});
`;
}

export const signUpCommon = signUpCommonIn('pathToFileURL(__filename).href');

/**
 * The same against a Kinesis in the application's own process: the adapter, and the AWS SDK in its thread, do the sending.
 * With `entries`, code that says where those are, the observer's page has to be there too.
 */
const kinesisBody = (entries = 'undefined') => `
const entries = ${entries};
const EVENTS = 20;
const simulator = await startKinesisSimulator({ streams: { signup: 1 } });
const { endpoint, region, credentials } = simulator;
const app = await Application.start({ adapter: kinesis({ endpoint, region, credentials }), flushIntervalMs: 10, entries });
if (entries !== undefined && !(await fetch((await app.observe({ port: 0 })).url)).ok) throw new Error('there is no page');
for (let i = 0; i < EVENTS; i++) SignUp.record({ user: 'u-' + i, step: 'confirm' });
const { accepted, delivered, pending } = await app.stop();
const records = simulator.oracle.records('signup').map(({ data }) => JSON.parse(Buffer.from(data).toString()));
await simulator.stop();
const report = { accepted, delivered, pending, sent: records.length, ownThread: !records.some(({ thread }) => thread === 0) };
`;

const IMPORT = `import { Application, memory } from 'beamline';\n`;

/** `from` is how it imports the record module. */
export function application(from: string): string {
  return `${IMPORT}import { SignUp } from '${from}';${BODY}console.log(JSON.stringify(report));\n`;
}

export function kinesisApplication(from: string, entries?: string): string {
  return `import { Application, kinesis } from 'beamline';
import { startKinesisSimulator } from 'beamline/testing';
import { SignUp } from '${from}';${kinesisBody(entries)}console.log(JSON.stringify(report));
`;
}

export function kinesisApplicationCommon(from: string, entries: string): string {
  return `const { Application, kinesis } = require('beamline');
const { startKinesisSimulator } = require('beamline/testing');
const { SignUp } = require('${from}');
(async () => {${kinesisBody(entries)}console.log(JSON.stringify(report));
})();
`;
}

/** Application and record type in one file, the handler on the main thread. */
export function inlineKinesisCommon(entries: string): string {
  return `const { threadId } = require('node:worker_threads');
const { pathToFileURL } = require('node:url');
const { Application, kinesis, Message, Records } = require('beamline');
const { startKinesisSimulator } = require('beamline/testing');
const SignUp = Records.define({
  name: 'SignUp',
  url: pathToFileURL(__filename),
  isolation: 'inline',
  handleEvent: (events, { sendData }) => ${HANDLER},
});
(async () => {${kinesisBody(entries)}console.log(JSON.stringify(report));
})();
`;
}

export function applicationCommon(from: string): string {
  return `const { Application, memory } = require('beamline');
const { SignUp } = require('${from}');
(async () => {${BODY}console.log(JSON.stringify(report));
})();
`;
}

/** Record type and application in one file: what becomes of them in a bundle that is not split. */
export const inOneFile = `${IMPORT}${signUp}${BODY}console.log(JSON.stringify(report));\n`;

/** A test of the application, for any runner; `runner` is the line that brings `test`. */
export function runnerTest(runner: string): string {
  return `${runner}
import assert from 'node:assert/strict';
${IMPORT}import { SignUp } from './sign-up.mjs';
test('a sign-up is delivered', async () => {${BODY}assert.deepEqual(report, ${JSON.stringify(REPORT)});
});
`;
}

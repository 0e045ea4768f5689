/**
 * A script that records and comes to its end: the process stays until its events are delivered, for `exitTimeoutMs`. Nothing
 * need be awaited; who wants the ledger awaits `stop()`.
 *
 *     node examples/script.mjs home pricing
 */
import { Application, kinesis } from 'beamline';
import { Visit } from './events/visit.mjs';

await Application.start({ adapter: kinesis(), exitTimeoutMs: 10_000 });
for (const page of process.argv.slice(2)) Visit.record({ page, user: 'script' });

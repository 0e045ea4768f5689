/**
 * `npm run peers`: installs Segment's and PostHog's clients under bench/peers/, does to them what the README's table does
 * to beamline, and prints what they did, as JSON. Takes a minute. Nothing leaves this machine but npm's download.
 */
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from '../root.ts';

const NAMES = ['segment-outage', 'posthog-outage', 'posthog-blip', 'posthog-script-end'] as const;

execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--silent'], { cwd: join(ROOT, 'bench/peers') });
let arrived = 0;
const server = createServer((request, response) => {
  arrived++;
  request.resume();
  response.end('{"status":1}');
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
for (const name of NAMES) {
  const from = performance.now();
  const child = fork(fileURLToPath(new URL('./probes.js', import.meta.url)), [name, host], {
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  let finding: unknown = null;
  child.on('message', (message) => {
    finding = message;
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  const more = name === 'posthog-script-end' ? { requestsThatArrived: arrived } : {};
  const seconds = Math.round((performance.now() - from) / 100) / 10;
  console.log(JSON.stringify({ probe: name, exitCode: code, seconds, ...(finding as object), ...more }));
}
server.close();

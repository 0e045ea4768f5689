/** Opens an address in the browser of whoever sits before this machine; where there is no desktop, nothing opens. */
import { spawn } from 'node:child_process';

const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
};

export function openPage(url: string): void {
  const [opener, ...before] = OPENERS[process.platform] ?? ['xdg-open'];
  const child = spawn(opener, [...before, url], { stdio: 'ignore', detached: true });
  child.on('error', () => console.log('open it in a browser'));
  child.unref();
}

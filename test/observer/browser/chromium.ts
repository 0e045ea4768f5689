/** The Chromium of this machine, without a window, for whoever has a page to look at. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';

/** In this order; Debian's is what `.ci/run` installs. */
const EXECUTABLES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];
const ARGUMENTS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];

/** Where it is: as the variable CHROMIUM says, or else where it usually is; undefined: there is none. */
export function chromiumOf({ CHROMIUM }: NodeJS.ProcessEnv): string | undefined {
  return CHROMIUM ?? EXECUTABLES.find((path) => existsSync(path));
}

export interface OpenBrowser {
  readonly context: BrowserContext;
  close(): Promise<void>;
}

/** With a profile of its own, which goes with it. */
export async function openBrowser(executablePath: string): Promise<OpenBrowser> {
  const profile = await mkdtemp(join(tmpdir(), 'beamline-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    viewport: { width: 1480, height: 900 },
    args: ARGUMENTS,
  });
  return {
    context,
    async close() {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}

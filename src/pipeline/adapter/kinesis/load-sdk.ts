/**
 * Loads the AWS SDK when a transport is opened: in a record type's thread, never on the main thread of an application
 * whose types have threads.
 *
 * The SDK is CommonJS. `require` takes less time for it than `import`, which reads each file once more, for the names that
 * it exports, with a parser that every thread makes anew: on Node 20 a third of the whole.
 *
 * The rule: what a bundler has taken in is what runs. Beside a bundle `require` may find another version, or one that
 * NODE_PATH names, so it loads for the package's own files alone.
 */
import type * as Sdk from './sdk-exports.ts';

export type AwsSdk = typeof Sdk;

type Require = ReturnType<typeof import('node:module').createRequire>;

export async function loadSdk(): Promise<AwsSdk> {
  const load = requireOfPackage();
  if (load === null) return import('./sdk-exports.ts');
  return { ...load('@aws-sdk/client-kinesis'), ...load('@smithy/node-http-handler') };
}

/** `null` where this code is in a file of somebody else. */
function requireOfPackage(): Require | null {
  const { createRequire } = process.getBuiltinModule('node:module');
  const { fileURLToPath } = process.getBuiltinModule('node:url');
  try {
    const load = createRequire(import.meta.url);
    const manifest = load.resolve('beamline/package.json');
    const home = manifest.slice(0, -'package.json'.length);
    return fileURLToPath(import.meta.url).startsWith(home) ? load : null;
  } catch {
    // No package of this name is to be seen from here, or, in a bundle of CommonJS, nothing says where here is.
    return null;
  }
}

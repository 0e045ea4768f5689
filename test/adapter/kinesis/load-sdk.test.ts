import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { build } from 'esbuild';
import { loadSdk } from '../../../src/pipeline/adapter/kinesis/load-sdk.ts';

const source = fileURLToPath(new URL('../../../src/pipeline/adapter/kinesis/load-sdk.js', import.meta.url));

describe('loading the AWS SDK', () => {
  it('gives what a transport is made of', async () => {
    const sdk = await loadSdk();
    expect(sdk.KinesisClient.name).to.equal('KinesisClient');
    expect(sdk.NodeHttpHandler.name).to.equal('NodeHttpHandler');
    expect(new sdk.PutRecordsCommand({ Records: [] }).input).to.deep.equal({ Records: [] });
  });

  it('imports nothing of it where the package is not in a bundle', () => {
    const script = `
      import module from 'node:module';
      const hook = 'export async function resolve(name, context, next) { const found = await next(name, context); console.log(found.url); return found; }';
      // In the thread of the modules where Node can, and then of what is required too; else in one of its own.
      if (module.registerHooks !== undefined) {
        module.registerHooks({
          resolve(name, context, next) {
            const found = next(name, context);
            if (context.conditions.includes('import')) console.log(found.url);
            return found;
          },
        });
      } else {
        module.register('data:text/javascript,' + encodeURIComponent(hook));
      }
      const { loadSdk } = await import(${JSON.stringify(source)});
      console.log((await loadSdk()).KinesisClient.name);`;
    const told = run(['--input-type=module', '-e', script]);
    expect(told).to.contain('load-sdk.js').and.to.contain('KinesisClient\n');
    expect(told).not.to.match(/sdk-exports|@aws-sdk|@smithy/);
  });

  describe('in a bundle', () => {
    let folder: string;

    beforeEach(async () => {
      folder = realpathSync(mkdtempSync(join(tmpdir(), 'beamline-sdk-')));
      const packed = write('packed', 'in the bundle');
      const output = join(folder, 'bundle');
      await build({
        stdin: {
          contents: `import { loadSdk } from ${JSON.stringify(source)}; console.log((await loadSdk()).KinesisClient)`,
          resolveDir: dirname(source),
        },
        bundle: true,
        format: 'esm',
        platform: 'node',
        outfile: join(output, 'app.mjs'),
        alias: { '@aws-sdk/client-kinesis': packed, '@smithy/node-http-handler': packed },
      });
    });

    afterEach(() => rmSync(folder, { recursive: true }));

    it('takes the SDK that is in the bundle, whatever NODE_PATH has', () => {
      write('path/@aws-sdk/client-kinesis', 'by NODE_PATH');
      write('path/@smithy/node-http-handler', 'by NODE_PATH');
      expect(run([join(folder, 'bundle/app.mjs')], { NODE_PATH: join(folder, 'path') })).to.equal(
        'in the bundle\n',
      );
    });

    it('takes the SDK that is in the bundle, whatever is installed beside it', () => {
      write('node_modules/@aws-sdk/client-kinesis', 'installed');
      write('node_modules/@smithy/node-http-handler', 'installed');
      write('node_modules/beamline', 'installed');
      expect(run([join(folder, 'bundle/app.mjs')])).to.equal('in the bundle\n');
    });

    /** A package whose `KinesisClient` says where it is from. */
    function write(path: string, from: string): string {
      const place = join(folder, path);
      mkdirSync(place, { recursive: true });
      writeFileSync(join(place, 'package.json'), '{ "main": "./index.js" }');
      const names = [
        'CreateStreamCommand',
        'DescribeStreamSummaryCommand',
        'KinesisClient',
        'ListShardsCommand',
      ];
      const all = [...names, 'PutRecordsCommand', 'NodeHttpHandler'];
      writeFileSync(join(place, 'index.js'), all.map((name) => `exports.${name} = '${from}';`).join('\n'));
      return join(place, 'index.js');
    }
  });
});

function run(args: readonly string[], env: NodeJS.ProcessEnv = {}): string {
  return execFileSync(process.execPath, args, { encoding: 'utf8', env: { ...process.env, ...env } });
}

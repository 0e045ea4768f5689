/** What `import 'beamline'` loads: not what only a running application, the observer, or the command line needs. */
import { execFileSync } from 'node:child_process';
import { expect } from 'chai';

describe('import beamline', () => {
  it('loads neither what a running application needs, nor prom-client, nor the parser of the command line, and next to nothing of Node', () => {
    const index = new URL('../../src/index.js', import.meta.url).href;
    const script = `
      import module from 'node:module';
      const hook = 'export async function resolve(name, context, next) { const found = await next(name, context); console.log(found.url); return found; }';
      // In the thread of the modules where Node can; else in one of its own, whose output newer versions may lose.
      if (module.registerHooks !== undefined) {
        module.registerHooks({ resolve(name, context, next) { const found = next(name, context); console.log(found.url); return found; } });
      } else {
        module.register('data:text/javascript,' + encodeURIComponent(hook));
      }
      await import(${JSON.stringify(index)});`;
    const loaded = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
    });
    expect(loaded).to.contain('src/observer/application.js');
    expect(loaded).not.to.match(
      /src\/(pipeline\/(running|record-site)|threads\/thread|otp\/runtime|threads\/queue\/reader)\.js/,
    );
    // An import makes a module of all that one of Node's gives, fs 2 ms of it: what is needed later is taken then, by
    // process.getBuiltinModule. (crypto is nanoid's; in the package that is built in, without it.)
    expect(new Set(loaded.match(/^node:.*$/gm))).to.deep.equal(new Set(['node:async_hooks', 'node:crypto']));
    expect(loaded).not.to.match(/node_modules\/comlink/);
    expect(loaded).not.to.match(/node_modules\/(prom-client|commander|preact|uplot)\//);
  });
});

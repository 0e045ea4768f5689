/** A folder outside of the project in which the README's files stand, as in an application that has installed it. */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Output, outputOf } from '../../scripts/output-of.ts';

const TSCONFIG = {
  compilerOptions: {
    target: 'es2022',
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
    types: ['node'],
  },
  include: ['*.ts'],
};

export class Workshop {
  readonly #root: string;
  readonly #folder: string;

  private constructor(root: string, folder: string) {
    this.#root = root;
    this.#folder = folder;
  }

  static async open(root: string, files: ReadonlyMap<string, string>): Promise<Workshop> {
    const folder = await mkdtemp(join(tmpdir(), 'beamline-docs-'));
    const modules = join(folder, 'node_modules');
    await mkdir(modules);
    await symlink(root, join(modules, 'beamline'), 'dir');
    for (const name of ['@types', '@opentelemetry', 'zod'])
      await symlink(join(root, 'node_modules', name), join(modules, name), 'dir');
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(TSCONFIG));
    for (const [name, text] of files) await writeFile(join(folder, name), text);
    return new Workshop(root, folder);
  }

  /** Compiles the TypeScript in the folder, each file beside its source. */
  compile(): Promise<Output> {
    return this.run(`node ${join(this.#root, 'node_modules/typescript/bin/tsc')}`);
  }

  /** Runs a command of the README: `node` and its arguments. */
  async run(command: string, env: NodeJS.ProcessEnv = {}): Promise<Output> {
    const [program, ...args] = command.split(' ');
    if (program !== 'node') throw new Error(`a command of the README begins with node: ${command}`);
    const child = spawn(process.execPath, args, {
      cwd: this.#folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      // A child of a test runner would report to it instead of printing.
      env: { ...process.env, NODE_TEST_CONTEXT: undefined, ...env },
    });
    return outputOf(child);
  }

  close(): Promise<void> {
    return rm(this.#folder, { recursive: true, force: true });
  }
}

/**
 * Which of this process's Node flags a worker thread gets. Pure. A thread needs what makes its record module load
 * (loaders for TypeScript, conditions, type stripping), and must not run again what an application preloads: an
 * `--import ./server.js` would start the application a second time, inside the thread.
 */

/** Preloaded modules that only teach Node to load other kinds of files. */
const LOADERS: readonly RegExp[] = [
  /(^|[/\\])tsx([/\\]|$)/,
  /(^|[/\\])ts-node([/\\]|$)/,
  /^@swc-node[/\\]register/,
  /(^|[/\\])esbuild-register([/\\]|$)/,
  /(^|[/\\])@oxc-node[/\\]core/,
];

const PRELOADS: ReadonlySet<string> = new Set([
  '--import',
  '--require',
  '-r',
  '--loader',
  '--experimental-loader',
]);

const KEPT: readonly RegExp[] = [
  /^(--conditions|-C)$/,
  /^--conditions=/,
  /^--(no-)?experimental-(strip-types|transform-types|detect-module|require-module|default-type=.+)$/,
  /^--(no-)?strip-types$/,
  /^--enable-source-maps$/,
  /^--preserve-symlinks(-main)?$/,
  /^--no-(warnings|deprecation)$/,
  /^--disable-warning=/,
  /^--unhandled-rejections=/,
];

export function threadExecArgv(execArgv: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < execArgv.length; i++) {
    const flag = execArgv[i] ?? '';
    const equals = flag.indexOf('=');
    const name = equals === -1 ? flag : flag.slice(0, equals);
    if (PRELOADS.has(name)) {
      const value = equals === -1 ? (execArgv[++i] ?? '') : flag.slice(equals + 1);
      if (LOADERS.some((loader) => loader.test(value)))
        kept.push(...(equals === -1 ? [flag, value] : [flag]));
    } else if (KEPT.some((pattern) => pattern.test(flag))) {
      kept.push(flag);
      if (flag === '-C' || flag === '--conditions') kept.push(execArgv[++i] ?? '');
    }
  }
  return kept;
}

/** How the command ends: what its exit code says. */

export const UNHEALTHY = 1;
export const UNREACHABLE = 2;

/** Says what kept the command from doing what it was told. */
export function complain(message: string): void {
  console.error(message);
  process.exitCode = UNREACHABLE;
}

/** Whoever read the output is gone, as `head` after its last line: there is nobody left to print for, and nothing is wrong. */
export function endWithItsReader(output: NodeJS.WriteStream): void {
  output.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
}

/** How the command ends: what its exit code says. */

export const UNHEALTHY = 1;
export const UNREACHABLE = 2;

/** Says what kept the command from doing what it was told. */
export function complain(message: string): void {
  console.error(message);
  process.exitCode = UNREACHABLE;
}

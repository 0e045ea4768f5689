/** One way of loading the package and its record types. */
export interface Case {
  readonly name: string;
  /** Where it is tried: a plain folder, one with spaces and other letters in its path, npm workspaces with symlinks. */
  readonly place: 'plain' | 'odd path' | 'workspaces';
  /** In a folder of the case's own. */
  readonly files: Readonly<Record<string, string>>;
  /** Arguments of `node`, one command after the other. `bin:mocha` stands for the program of that name. */
  readonly commands: readonly (readonly string[])[];
  /** `report`: the last command prints that all is delivered. `passes`: it ends with 0. A pattern: it fails, and says so. */
  readonly expected: 'report' | 'passes' | RegExp;
  /** From which version of Node on it can work, if not on all; what is said on one before. */
  readonly since?: { readonly major: number; readonly before: RegExp };
}

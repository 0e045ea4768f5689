/**
 * What operations set without a change of code: all variables of the environment that the library reads, and nothing else.
 * What the code says goes before them, they go before the defaults. Read when they are needed, never on import.
 */

export interface EnvironmentVariable {
  /** What it sets. */
  readonly option: string;
  /** What it must hold, in the words of an error. */
  readonly expected: string;
}

export const environmentVariables = {
  BEAMLINE_REGION: { option: '`region` of `kinesis()`', expected: 'an AWS region, as in eu-west-1' },
  BEAMLINE_ENDPOINT: {
    option: '`endpoint` of `kinesis()`',
    expected: 'a URL that starts with https:// or http://',
  },
  BEAMLINE_STREAMS: {
    option: '`streams` of `kinesis()`, each name that the code does not map itself',
    expected: 'names and streams, as in signup=prod-signup,master=prod-master',
  },
  BEAMLINE_ENTRIES: {
    option: "`entries`: beamline's own files, beside a bundle",
    expected: 'the path or the file URL of a folder',
  },
  BEAMLINE_SPOOL_DIRECTORY: {
    option: '`directory` of `spool`, which it switches on',
    expected: 'a path on a local disk',
  },
  BEAMLINE_OBSERVER_PORT: {
    option: '`port` of `app.observe()`, of `npx beamline demo`, and where `npx beamline` looks',
    expected: 'a number from 0 to 65535',
  },
  BEAMLINE_OBSERVER_URL: { option: '`--url` of `npx beamline`', expected: 'the URL of an observer' },
  BEAMLINE_OBSERVER_TOKEN: {
    option: '`--token` of `npx beamline`',
    expected: 'what `token` of `app.observe()` is',
  },
  BEAMLINE_LOG_LEVEL: {
    option: 'how much the default `logger` says',
    expected: 'debug, info, warn, error or silent',
  },
} as const satisfies Readonly<Record<string, EnvironmentVariable>>;

export type EnvironmentVariableName = keyof typeof environmentVariables;

/** Its text; undefined when it is not set, or set to nothing. */
export function variable(name: EnvironmentVariableName): string | undefined {
  const text = process.env[name]?.trim();
  return text === '' ? undefined : text;
}

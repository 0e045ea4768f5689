/** The scenarios of a folder, any nesting, in the order of their paths. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseScenario } from './check.ts';
import type { Json, Scenario } from './format.ts';

export interface ScenarioFile {
  /** Relative to the folder. */
  readonly path: string;
  /** Reads and checks it; throws when the file holds no scenario. */
  readonly read: () => Scenario;
}

export function scenarioFiles(directory: string, filter = ''): ScenarioFile[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .filter((path) => path.includes(filter))
    .sort()
    .map((path) => ({
      path,
      read: () => parseScenario(JSON.parse(readFileSync(join(directory, path), 'utf8')) as Json, 'scenario'),
    }));
}

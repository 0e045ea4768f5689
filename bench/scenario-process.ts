/** The process of one scenario: runs it, tells its rows to the command, and ends. */
import { scenarios } from './scenarios/index.ts';

const scenario = scenarios.find(({ name }) => name === process.argv[2]);
const rows = await scenario?.run();
process.send?.(rows, () => process.exit());

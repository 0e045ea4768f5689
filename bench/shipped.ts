/**
 * beamline as it is published: what `import 'beamline'` gives, from `dist/`. Scenarios take it from here rather than from
 * the sources, because that is what users run. Its types are those of the sources, which are compiled before it is built.
 */
const NAME: string = 'beamline';
const beamline = (await import(NAME)) as typeof import('../src/index.ts');

export const { Application, EventContext, kinesis, Message, masterJson, nullAdapter, Records } = beamline;
export type Application = import('../src/index.ts').Application;
export type EventContext = import('../src/index.ts').EventContext;
export type Message = import('../src/index.ts').Message;

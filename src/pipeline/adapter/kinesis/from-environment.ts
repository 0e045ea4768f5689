/** The options of `kinesis()` that the environment sets. */
import * as v from 'valibot';
import { environmentVariables, variable } from '../../options/environment-variables.ts';
import { optionsObject, parseOptions } from '../options.ts';
import { isRegion, type KinesisOptions } from './options.ts';
import { streamTarget } from './stream-target.ts';

const { BEAMLINE_REGION, BEAMLINE_ENDPOINT, BEAMLINE_STREAMS } = environmentVariables;

const schema = optionsObject({
  BEAMLINE_REGION: v.optional(v.pipe(v.string(), v.check(isRegion, BEAMLINE_REGION.expected))),
  BEAMLINE_ENDPOINT: v.optional(v.pipe(v.string(), v.check(isHttpUrl, BEAMLINE_ENDPOINT.expected))),
  BEAMLINE_STREAMS: v.optional(v.pipe(v.string(), v.check(isMap, BEAMLINE_STREAMS.expected))),
});

export type FromEnvironment = Partial<Pick<KinesisOptions, 'region' | 'endpoint' | 'streams'>>;

/** Throws `ERR_OPTIONS`, naming the variables that cannot be used. */
export function kinesisFromEnvironment(): FromEnvironment {
  const { BEAMLINE_REGION, BEAMLINE_ENDPOINT, BEAMLINE_STREAMS } = parseOptions('kinesis()', schema, {
    BEAMLINE_REGION: variable('BEAMLINE_REGION'),
    BEAMLINE_ENDPOINT: variable('BEAMLINE_ENDPOINT'),
    BEAMLINE_STREAMS: variable('BEAMLINE_STREAMS'),
  });
  return {
    ...(BEAMLINE_REGION === undefined ? {} : { region: BEAMLINE_REGION }),
    ...(BEAMLINE_ENDPOINT === undefined ? {} : { endpoint: BEAMLINE_ENDPOINT }),
    ...(BEAMLINE_STREAMS === undefined ? {} : { streams: Object.fromEntries(pairsOf(BEAMLINE_STREAMS)) }),
  };
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol);
}

function isMap(text: string): boolean {
  return pairsOf(text).every(([name, stream]) => name !== '' && streamTarget(stream) !== null);
}

function pairsOf(text: string): readonly (readonly [name: string, stream: string])[] {
  return text.split(',').map((pair) => {
    const [name = '', ...stream] = pair.split('=');
    return [name.trim(), stream.join('=').trim()];
  });
}

/** Which version this is: the build of the package says it. What is compiled and not built, for tests, has none. */
declare const BEAMLINE_VERSION: string | undefined;

export const VERSION = typeof BEAMLINE_VERSION === 'string' ? BEAMLINE_VERSION : 'unbuilt';

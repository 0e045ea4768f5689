/**
 * Makes an adapter from its descriptor, in the thread that will use it. The only place that imports a
 * descriptor's module; a module that is not what it should be is told apart here, not by a crash later on.
 */
import type { Adapter, AdapterContext, CreateAdapter } from './adapter.ts';
import type { WireDescriptor } from './descriptor.ts';
import { AdapterModuleError } from './errors.ts';

const REMEDY =
  'It must export a function createAdapter(options, context) that returns { send, close, snapshot } or a promise of it';

/**
 * Rejects with `ERR_ADAPTER_MODULE` when the module cannot be imported or makes no adapter; what `createAdapter`
 * itself throws comes through unchanged.
 */
export async function loadAdapter(descriptor: WireDescriptor, context: AdapterContext): Promise<Adapter> {
  const { module, options } = descriptor;
  const createAdapter = await importCreateAdapter(module);
  const adapter: unknown = await createAdapter(options, context);
  const missing = ['send', 'close', 'snapshot'].filter((method) => !hasMethod(adapter, method));
  if (missing.length > 0) {
    throw new AdapterModuleError(
      module,
      `what its createAdapter returned has no method ${missing.join(', ')}`,
      REMEDY,
    );
  }
  return adapter as Adapter;
}

async function importCreateAdapter(module: string): Promise<CreateAdapter> {
  let exports: Record<string, unknown>;
  try {
    exports = await import(/* webpackIgnore: true */ module);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AdapterModuleError(
      module,
      `importing it failed with: ${why}`,
      'Check that the URL names a file that exists after the build, and that it imports without errors',
      { cause },
    );
  }
  const { createAdapter } = exports;
  if (typeof createAdapter !== 'function') {
    const names = Object.keys(exports);
    const found =
      createAdapter === undefined
        ? `it exports ${names.length === 0 ? 'nothing' : names.join(', ')}`
        : `its export createAdapter is a ${typeof createAdapter}`;
    throw new AdapterModuleError(module, found, REMEDY);
  }
  return createAdapter as CreateAdapter;
}

function hasMethod(value: unknown, method: string): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Record<string, unknown>)[method] === 'function'
  );
}

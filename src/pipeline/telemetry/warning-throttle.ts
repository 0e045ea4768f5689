/**
 * A logger that says each kind of warning at most once in an interval, and then how many it has kept back. A kind is a
 * text and the bindings of the child that says it. Errors come through, each one: what is said as an error is rare by
 * itself, or a dead letter. Bound: `KINDS_MAX` kinds at a time; those beyond it share one.
 */
import type { Clock } from '../../base/clock.ts';
import type { LogFields, Logger } from './logger.ts';

const INTERVAL_MS = 1000;
const KINDS_MAX = 500;

interface KeptBack {
  count: number;
  /** Says the latest of them, with these fields besides. */
  sayLatest: (fields: LogFields) => void;
}

export function throttleWarnings(logger: Logger, clock: Clock, intervalMs = INTERVAL_MS): Logger {
  const kinds = new Map<string, KeptBack | undefined>();

  const rest = (kind: string): void => {
    kinds.set(kind, undefined);
    clock.setTimer(intervalMs, () => {
      const kept = kinds.get(kind);
      if (kept === undefined) {
        kinds.delete(kind);
        return;
      }
      kept.sayLatest(kept.count === 1 ? {} : { suppressed: kept.count - 1 });
      rest(kind);
    });
  };

  const warn = (kind: string, say: (fields: LogFields) => void): void => {
    if (!kinds.has(kind)) {
      say({});
      rest(kind);
      return;
    }
    kinds.set(kind, { count: (kinds.get(kind)?.count ?? 0) + 1, sayLatest: say });
  };

  const throttled = (inner: Logger, name: string): Logger => ({
    debug: (fields, message) => inner.debug(fields, message),
    info: (fields, message) => inner.info(fields, message),
    warn(fields, message) {
      const kind = kinds.size < KINDS_MAX ? `${name} ${message}` : '';
      warn(kind, (more) => inner.warn({ ...fields, ...more }, message));
    },
    error: (fields, message) => inner.error(fields, message),
    child: (bindings) => throttled(inner.child(bindings), name + JSON.stringify(bindings)),
  });
  return throttled(logger, '');
}

/** Where one is on the page, as the part of the address behind `#`: so that what one looks at can be sent to somebody. */

export type View = 'tree' | 'types' | 'pipeline';

export interface Place {
  readonly view: View;
  /** A process, by id; or a record type, by name. */
  readonly process: string | null;
  readonly recordType: string | null;
}

const VIEWS: readonly View[] = ['tree', 'types', 'pipeline'];

export function parsePlace(hash: string): Place {
  const [view = '', kind = '', name = ''] = hash.replace(/^#\/?/, '').split('/').map(decoded);
  return {
    view: VIEWS.find((each) => each === view) ?? 'tree',
    process: kind === 'p' && name !== '' ? name : null,
    recordType: kind === 't' && name !== '' ? name : null,
  };
}

export function formatPlace({ view, process, recordType }: Place): string {
  const rest =
    process !== null
      ? `/p/${encodeURIComponent(process)}`
      : recordType !== null
        ? `/t/${encodeURIComponent(recordType)}`
        : '';
  return `#/${view}${rest}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

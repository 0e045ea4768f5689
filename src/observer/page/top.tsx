/** The top of the page: which view, the search, whether what is shown is of now, and the theme. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Place, View } from './address.ts';
import type { Liveness } from './connection.ts';
import { duration } from './format.ts';
import { applyTheme, nextTheme, savedTheme, type Theme } from './theme.ts';

export const VIEWS: readonly { readonly view: View; readonly title: string }[] = [
  { view: 'tree', title: 'Tree' },
  { view: 'types', title: 'Record types' },
  { view: 'pipeline', title: 'Pipeline' },
];

export type Go = (place: Place) => void;

interface TopProps {
  readonly liveness: Liveness;
  readonly place: Place;
  readonly go: Go;
  readonly search: string;
  readonly setSearch: (search: string) => void;
  readonly searchBox: { current: HTMLInputElement | null };
  readonly askHelp: () => void;
}

export function Top({ liveness, place, go, search, setSearch, searchBox, askHelp }: TopProps): JSX.Element {
  const [theme, setTheme] = useState<Theme>(savedTheme);
  useEffect(() => applyTheme(theme), [theme]);
  return (
    <header class="top">
      <h1>
        <svg viewBox="0 0 26 16" width="26" height="16" aria-hidden="true">
          <path d="M1 8h15M12 3l5 5-5 5" />
          <circle cx="22.5" cy="8" r="2.2" />
        </svg>
        beamline
      </h1>
      <nav aria-label="Views">
        {VIEWS.map(({ view, title }, index) => (
          <button
            type="button"
            key={view}
            aria-current={place.view === view ? 'page' : undefined}
            onClick={() => go({ ...place, view })}
          >
            {title} <kbd>{index + 1}</kbd>
          </button>
        ))}
      </nav>
      <input
        ref={searchBox}
        type="search"
        placeholder="search processes  ( / )"
        aria-label="Search processes"
        value={search}
        onInput={(event) => {
          setSearch(event.currentTarget.value);
          if (place.view !== 'tree') go({ ...place, view: 'tree' });
        }}
      />
      <Live liveness={liveness} />
      <button type="button" class="quiet" onClick={askHelp} aria-label="Keys">
        ?
      </button>
      <button
        type="button"
        class="quiet"
        onClick={() => setTheme(nextTheme(theme))}
        aria-label={`Theme: ${theme}`}
      >
        {theme === 'auto' ? '◐ auto' : theme === 'dark' ? '● dark' : '○ light'}
      </button>
    </header>
  );
}

function Live({ liveness }: { liveness: Liveness }): JSX.Element {
  const text =
    liveness.type === 'live'
      ? 'live'
      : liveness.type === 'connecting'
        ? 'connecting'
        : `stale for ${duration(liveness.forMs)}, reconnecting`;
  return (
    <span class={`live ${liveness.type}`} role="status">
      <i aria-hidden="true" />
      {text}
    </span>
  );
}

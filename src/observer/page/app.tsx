/** The page: what is wrong, the numbers, one of three views, what was selected, and what happened. */
import type { JSX } from 'preact';
import { useEffect, useReducer, useRef, useState } from 'preact/hooks';
import type { Snapshot } from '../../pipeline/snapshot-types.ts';
import type { FeedEntry } from '../feed.ts';
import { formatPlace, type Place, parsePlace, type View } from './address.ts';
import { Connection, type Liveness } from './connection.ts';
import { FeedView } from './feed-view.tsx';
import { duration } from './format.ts';
import { HealthView, MARKS } from './health-view.tsx';
import { Help } from './help.tsx';
import { PipelineView } from './pipeline-view.tsx';
import { ProcessPanel } from './process-panel.tsx';
import { applyTheme, nextTheme, savedTheme, type Theme } from './theme.ts';
import { Tiles } from './tiles.tsx';
import { TreeView } from './tree-view.tsx';
import { TypePanel } from './type-panel.tsx';

const VIEWS: readonly { readonly view: View; readonly title: string }[] = [
  { view: 'tree', title: 'Tree' },
  { view: 'types', title: 'Record types' },
  { view: 'pipeline', title: 'Pipeline' },
];

export function App(): JSX.Element {
  const [, redraw] = useReducer((times: number, _: undefined) => times + 1, 0);
  const connection = useRef<Connection | undefined>(undefined);
  connection.current ??= new Connection(() => redraw(undefined));
  const live = connection.current;
  const [place, go] = usePlace();
  const [search, setSearch] = useState('');
  const searchBox = useRef<HTMLInputElement>(null);
  useEffect(() => {
    live.open();
    return live.watchAge();
  }, []);
  const [help, setHelp] = useState(false);
  useKeys({ searchBox, place, go, askHelp: () => setHelp(true) });
  const { model } = live;
  const { snapshot } = model;
  useTitle(snapshot);
  const selectType = (recordType: string): void =>
    go({ ...place, view: place.view === 'tree' ? 'types' : place.view, process: null, recordType });
  const selectEntry = ({ node, recordType }: FeedEntry): void => {
    if (node !== null) go({ view: 'tree', process: node, recordType: null });
    else if (recordType !== null) selectType(recordType);
  };
  return (
    <>
      <Top
        liveness={live.liveness}
        place={place}
        go={go}
        search={search}
        setSearch={setSearch}
        searchBox={searchBox}
        askHelp={() => setHelp(true)}
      />
      <Help open={help} onClose={() => setHelp(false)} />
      <main>
        {snapshot === undefined ? (
          <p class="empty">
            {live.liveness.type === 'connecting' ? 'Connecting to the application …' : 'No answer yet.'}
          </p>
        ) : (
          <>
            <HealthView lines={snapshot.health} onSelect={selectType} />
            <Tiles model={model} snapshot={snapshot} />
            <div class="columns">
              <div class="view">
                <CurrentView place={place} go={go} search={search} snapshot={snapshot} connection={live} />
              </div>
              <aside aria-label="Details and feed">
                <Detail place={place} go={go} snapshot={snapshot} connection={live} />
                <FeedView feed={model.feed} gap={model.gap} onSelect={selectEntry} />
              </aside>
            </div>
          </>
        )}
      </main>
    </>
  );
}

/** How it is going can be read off the tab. */
function useTitle(snapshot: Snapshot | undefined): void {
  const level = snapshot?.health[0]?.level;
  useEffect(() => {
    document.title = level === undefined || level === 'ok' ? 'beamline' : `${MARKS[level]} beamline`;
  }, [level]);
}

type Go = (place: Place) => void;

function usePlace(): [Place, Go] {
  const [place, setPlace] = useState(() => parsePlace(location.hash));
  useEffect(() => {
    const moved = (): void => setPlace(parsePlace(location.hash));
    addEventListener('hashchange', moved);
    return () => removeEventListener('hashchange', moved);
  }, []);
  return [
    place,
    (to) => {
      history.replaceState(null, '', formatPlace(to));
      setPlace(to);
    },
  ];
}

/** `/` to search, `1` to `3` for the views, `?` for help, Escape to let go. */
function useKeys({
  searchBox,
  place,
  go,
  askHelp,
}: {
  searchBox: { readonly current: HTMLInputElement | null };
  place: Place;
  go: Go;
  askHelp: () => void;
}): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      const inField = event.target instanceof HTMLInputElement;
      if (event.key === 'Escape') {
        if (inField) (event.target as HTMLInputElement).blur();
        else go({ ...place, process: null });
        return;
      }
      if (inField || event.ctrlKey || event.metaKey || event.altKey) return;
      const view = VIEWS[Number(event.key) - 1]?.view;
      if (event.key === '/') {
        event.preventDefault();
        searchBox.current?.focus();
      } else if (event.key === '?') askHelp();
      else if (view !== undefined) go({ ...place, view });
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  });
}

interface TopProps {
  readonly liveness: Liveness;
  readonly place: Place;
  readonly go: Go;
  readonly search: string;
  readonly setSearch: (search: string) => void;
  readonly searchBox: { current: HTMLInputElement | null };
  readonly askHelp: () => void;
}

function Top({ liveness, place, go, search, setSearch, searchBox, askHelp }: TopProps): JSX.Element {
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

interface ViewProps {
  readonly place: Place;
  readonly go: Go;
  readonly snapshot: Snapshot;
  readonly connection: Connection;
}

function CurrentView({
  place,
  go,
  snapshot,
  connection,
  search,
}: ViewProps & { readonly search: string }): JSX.Element {
  const { model } = connection;
  if (place.view === 'tree')
    return (
      <TreeView
        model={model}
        snapshot={snapshot}
        search={search}
        selected={place.process}
        onSelect={(process) => go({ ...place, process, recordType: null })}
      />
    );
  const record = snapshot.records.find(({ name }) => name === place.recordType) ?? snapshot.records[0];
  if (record === undefined)
    return <p class="empty">No record type is defined yet. Call Records.define() to have one.</p>;
  return (
    <>
      <nav class="types" aria-label="Record types">
        {snapshot.records.map(({ name }) => {
          const level = snapshot.health.find(({ recordType }) => recordType === name)?.level ?? 'ok';
          return (
            <button
              type="button"
              key={name}
              class={level}
              aria-current={name === record.name ? 'true' : undefined}
              onClick={() => go({ ...place, recordType: name, process: null })}
            >
              <i aria-hidden="true" />
              {name}
            </button>
          );
        })}
      </nav>
      {place.view === 'types' ? (
        <TypePanel record={record} snapshot={snapshot} model={model} connection={connection} />
      ) : (
        <PipelineView
          record={record}
          snapshot={snapshot}
          model={model}
          onSelect={(process) => go({ ...place, process, recordType: null })}
        />
      )}
    </>
  );
}

function Detail({ place, go, snapshot, connection }: ViewProps): JSX.Element | null {
  const node = snapshot.nodes.find(({ id }) => id === place.process);
  if (node !== undefined)
    return (
      <ProcessPanel
        node={node}
        snapshot={snapshot}
        connection={connection}
        onSelect={(process) => go({ ...place, process })}
      />
    );
  if (place.process === null) return null;
  return (
    <section class="panel detail" aria-label="Process that ended">
      <header>
        <h2>{place.process}</h2>
        <button
          type="button"
          class="quiet"
          aria-label="close"
          onClick={() => go({ ...place, process: null })}
        >
          ×
        </button>
      </header>
      <p class="empty">This process has ended.</p>
    </section>
  );
}

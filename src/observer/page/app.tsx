/** The page: what is wrong, the numbers, one of three views, what was selected, and what happened. */
import type { JSX } from 'preact';
import { useEffect, useReducer, useRef, useState } from 'preact/hooks';
import type { Snapshot } from '../../pipeline/view/snapshot-types.ts';
import type { FeedEntry } from '../feed.ts';
import { formatPlace, type Place, parsePlace } from './address.ts';
import { Connection } from './connection.ts';
import { FeedView } from './feed-view.tsx';
import { HealthView, MARKS } from './health-view.tsx';
import { Help } from './help.tsx';
import { PipelineView } from './pipeline-view.tsx';
import { ProcessPanel } from './process-panel.tsx';
import { Tiles } from './tiles.tsx';
import { type Go, Top, VIEWS } from './top.tsx';
import { TreeView } from './tree-view.tsx';
import { TypePanel } from './type-panel.tsx';

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

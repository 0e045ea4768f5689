/** What happened, newest first. It can be held still, and looked through. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { FeedEntry } from '../feed.ts';
import { clock } from './format.ts';
import { MARKS } from './health-view.tsx';

interface Props {
  readonly feed: readonly FeedEntry[];
  readonly gap: boolean;
  readonly onSelect: (entry: FeedEntry) => void;
}

const SHOWN_MAX = 100;

export function FeedView({ feed, gap, onSelect }: Props): JSX.Element {
  const [held, setHeld] = useState<readonly FeedEntry[] | null>(null);
  const [search, setSearch] = useState('');
  const entries = held ?? feed;
  const word = search.toLowerCase();
  const found = entries.filter(({ text, type }) => `${type} ${text}`.toLowerCase().includes(word));
  const missed = held === null ? 0 : feed.filter(({ id }) => !held.some((entry) => entry.id === id)).length;
  return (
    <section class="panel feed" aria-label="Live feed">
      <header>
        <h2>Live feed</h2>
        <input
          type="search"
          placeholder="filter"
          aria-label="Filter the feed"
          value={search}
          onInput={(event) => setSearch(event.currentTarget.value)}
        />
        <button
          type="button"
          aria-pressed={held !== null}
          onClick={() => setHeld(held === null ? feed : null)}
        >
          {held === null ? 'pause' : `resume${missed > 0 ? ` (${missed} new)` : ''}`}
        </button>
      </header>
      {gap && <p class="note">Some of what happened while this page was away is no longer known.</p>}
      {found.length === 0 ? (
        <p class="empty">
          {feed.length === 0
            ? 'Nothing has happened: no restart, no failure.'
            : 'Nothing in the feed says that.'}
        </p>
      ) : (
        // What scrolls has to be reached by keyboard
        <ol tabIndex={0} aria-label="Events, newest first">
          {found
            .slice(-SHOWN_MAX)
            .reverse()
            .map((entry) => (
              <li class={entry.level} key={entry.id}>
                <time>{clock(entry.at)}</time>
                <i>{MARKS[entry.level]}</i>
                {entry.node === null && entry.recordType === null ? (
                  <span>{entry.text}</span>
                ) : (
                  <button type="button" class="text" onClick={() => onSelect(entry)}>
                    {entry.text}
                  </button>
                )}
              </li>
            ))}
        </ol>
      )}
    </section>
  );
}

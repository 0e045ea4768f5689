/** What can be done by keyboard: shown by `?`, as a dialog that Escape closes. */
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

const KEYS: readonly (readonly [keys: string, what: string])[] = [
  ['1  2  3', 'the tree, the record types, the pipeline'],
  ['/', 'search processes'],
  ['↑  ↓', 'the process above, the one below'],
  ['→  ←', 'open, close; to the parent'],
  ['Home  End', 'the first process, the last one'],
  ['Esc', 'let go of the search, of the process'],
  ['?', 'this'],
];

export function Help({ open, onClose }: { open: boolean; onClose: () => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (open) dialog.current?.showModal();
    else dialog.current?.close();
  }, [open]);
  return (
    <dialog ref={dialog} onClose={onClose} aria-label="Keys">
      <h2>Keys</h2>
      <dl>
        {KEYS.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              {keys.split('  ').map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <button type="button" onClick={onClose}>
        close
      </button>
    </dialog>
  );
}

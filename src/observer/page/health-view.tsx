/** What is wrong, in plain words, worst first: the first thing one reads. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { HealthLine } from '../../pipeline/view/health.ts';

const SHOWN = 3;
export const MARKS: Readonly<Record<HealthLine['level'], string>> = { bad: '✕', warn: '!', ok: '✓' };

interface Props {
  readonly lines: readonly HealthLine[];
  readonly onSelect: (recordType: string) => void;
}

export function HealthView({ lines, onSelect }: Props): JSX.Element {
  const [all, setAll] = useState(false);
  const wrong = lines.filter(({ level }) => level !== 'ok');
  const well = lines.length - wrong.length;
  if (wrong.length === 0)
    return (
      <section class="health" aria-label="Health">
        <p class="line ok" role="status">
          <i>{MARKS.ok}</i>
          {well === 0
            ? 'No record type is defined yet.'
            : well === 1
              ? lines[0]?.text
              : `All ${well} record types are well.`}
        </p>
      </section>
    );
  const shown = all ? lines : wrong.slice(0, SHOWN);
  return (
    <section class="health" aria-label="Health">
      {shown.map((line, index) => (
        <p
          class={`line ${line.level}`}
          key={`${line.recordType} ${line.cause}`}
          role={index === 0 ? 'status' : undefined}
        >
          <i>{MARKS[line.level]}</i>
          <span>{line.text}</span>
          {line.recordType !== null && (
            <button type="button" class="quiet" onClick={() => onSelect(line.recordType as string)}>
              look at {line.recordType}
            </button>
          )}
          {index === 0 && (all || lines.length > shown.length) && (
            <button type="button" class="quiet" aria-expanded={all} onClick={() => setAll(!all)}>
              {all
                ? 'only the worst'
                : `${lines.length - shown.length} more${well > 0 ? `, ${well} well` : ''}`}
            </button>
          )}
        </p>
      ))}
    </section>
  );
}

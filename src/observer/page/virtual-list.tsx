/** Draws only the rows that can be seen, of any number; all have one height. */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

interface Props<Item> {
  readonly items: readonly Item[];
  readonly rowHeight: number;
  /** Scrolled to when it changes. */
  readonly selected: number;
  readonly label: string;
  readonly activeId: string | undefined;
  readonly header: ComponentChildren;
  readonly row: (item: Item, index: number) => ComponentChildren;
  readonly onKeyDown: (event: KeyboardEvent) => void;
}

/** Above and below what can be seen. */
const SPARE = 6;

export function VirtualList<Item>(props: Props<Item>): JSX.Element {
  const { items, rowHeight, selected, row } = props;
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const look = (): void => {
    const element = box.current;
    if (element !== null) setView({ top: element.scrollTop, height: element.clientHeight });
  };
  useLayoutEffect(look, []);
  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const resized = new ResizeObserver(look);
    resized.observe(element);
    return () => resized.disconnect();
  }, []);
  useEffect(() => {
    const element = box.current;
    if (element === null || selected < 0) return;
    const top = selected * rowHeight;
    const bottom = top + rowHeight * 2;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (bottom > element.scrollTop + element.clientHeight)
      element.scrollTop = bottom - element.clientHeight;
  }, [selected]);
  const first = Math.max(0, Math.floor(view.top / rowHeight) - SPARE);
  const last = Math.min(items.length, Math.ceil((view.top + view.height) / rowHeight) + SPARE);
  return (
    <div
      class="grid"
      ref={box}
      role="treegrid"
      tabIndex={0}
      aria-label={props.label}
      aria-rowcount={items.length + 1}
      aria-activedescendant={props.activeId}
      onScroll={look}
      onKeyDown={props.onKeyDown}
    >
      {props.header}
      <div role="rowgroup" class="rows" style={{ height: `${items.length * rowHeight}px` }}>
        <div role="presentation" style={{ transform: `translateY(${first * rowHeight}px)` }}>
          {items.slice(first, last).map((item, index) => row(item, first + index))}
        </div>
      </div>
    </div>
  );
}

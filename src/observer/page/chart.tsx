/** A live chart of one or two series over time, drawn by uPlot; it grows with its box and follows the theme. */
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';

export interface Line {
  readonly label: string;
  readonly values: readonly number[];
  /** A custom property of the style sheet. */
  readonly colour: string;
}

interface Props {
  readonly at: readonly number[];
  readonly lines: readonly Line[];
  readonly height: number;
  readonly label: string;
  readonly format: (value: number) => string;
}

export function Chart({ at, lines, height, label, format }: Props): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    plot.current = new uPlot(options(element, lines, height, format), data(at, lines), element);
    const resized = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height }));
    resized.observe(element);
    // The colours are read when it draws.
    const themed = new MutationObserver(() => plot.current?.redraw());
    themed.observe(document.documentElement, { attributes: true });
    return () => {
      themed.disconnect();
      resized.disconnect();
      plot.current?.destroy();
    };
  }, [lines.map((line) => line.label).join()]);
  useEffect(() => plot.current?.setData(data(at, lines)));
  return (
    <figure class="chart">
      <figcaption>
        <span>{label}</span>
        {lines.map((line) => (
          <span class="key" key={line.label}>
            <i style={{ background: `var(${line.colour})` }} />
            {line.label} <b>{format(line.values.at(-1) ?? 0)}</b>
          </span>
        ))}
      </figcaption>
      <div ref={box} style={{ height: `${height}px` }} aria-hidden="true" />
    </figure>
  );
}

function data(at: readonly number[], lines: readonly Line[]): uPlot.AlignedData {
  return [[...at], ...lines.map(({ values }) => [...values])] as uPlot.AlignedData;
}

function options(
  element: HTMLElement,
  lines: readonly Line[],
  height: number,
  format: (value: number) => string,
): uPlot.Options {
  // By a property that is a colour: what a custom one holds depends on the theme, and is not computed.
  const colour = (name: string) => (): string => {
    element.style.color = `var(${name})`;
    return getComputedStyle(element).color;
  };
  const axis = {
    stroke: colour('--faint'),
    grid: { stroke: colour('--rule'), width: 1 },
    ticks: { show: false },
    font: '11px system-ui',
  };
  return {
    width: element.clientWidth,
    height,
    legend: { show: false },
    cursor: { show: false },
    padding: [8, 4, 0, 0],
    scales: { y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.1 : 1] } },
    axes: [
      { ...axis, grid: { show: false }, size: 22, space: 90 },
      { ...axis, size: 54, values: (_plot, values) => values.map(format) },
    ],
    series: [
      {},
      ...lines.map((line) => ({
        label: line.label,
        stroke: colour(line.colour),
        width: 1.6,
        points: { show: false },
      })),
    ],
  };
}

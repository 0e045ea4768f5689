/** A minute of something, a hundred pixels wide. */
import type { JSX } from 'preact';

const WIDTH = 90;
const HEIGHT = 18;

export function Sparkline({ values, label }: { values: readonly number[]; label: string }): JSX.Element {
  const most = Math.max(1, ...values);
  const step = WIDTH / 59;
  const first = WIDTH - (values.length - 1) * step;
  const points = values.map(
    (value, index) =>
      `${(first + index * step).toFixed(1)},${(HEIGHT - 1 - (value / most) * (HEIGHT - 3)).toFixed(1)}`,
  );
  const isFlat = values.every((value) => value === 0);
  return (
    <svg
      class={isFlat ? 'spark flat' : 'spark'}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      width={WIDTH}
      height={HEIGHT}
      role="img"
      aria-label={label}
    >
      <polyline points={points.join(' ')} />
    </svg>
  );
}

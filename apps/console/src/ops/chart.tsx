import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { clockTime } from '../view/time.js';

export interface Series {
  readonly name: string;
  /** A custom property of the style sheet. */
  readonly colour: string;
  readonly isDashed?: boolean;
  readonly values: readonly (number | null)[];
}

export interface ChartProps {
  readonly title: string;
  /** s since 1970. */
  readonly times: readonly number[];
  readonly series: readonly Series[];
  readonly empty: string;
}

const HEIGHT_PX = 170;

/** Lines over the last minutes. The legend says which is which, also without colour: each line has its own dash. */
export function Chart({ title, times, series, empty }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const theme = useScheme();
  const names = series.map(({ name }) => name).join();
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    plot.current = new uPlot(optionsOf(series, element.clientWidth), [[]], element);
    const resized = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: HEIGHT_PX }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [theme, names]);
  useEffect(() => {
    plot.current?.setData([[...times], ...series.map(({ values }) => [...values])] as uPlot.AlignedData);
  });
  return (
    <figure class="chart card">
      <figcaption>
        <h2>{title}</h2>
        <ul class="legend">
          {series.map(({ name, colour, isDashed, values }) => (
            <li key={name}>
              <svg viewBox="0 0 24 6" aria-hidden="true" class={`stroke-${colour}`}>
                <path d="M1 3h22" stroke-dasharray={isDashed ? '4 4' : undefined} />
              </svg>
              {name} <b>{shown(values.at(-1))}</b>
            </li>
          ))}
        </ul>
      </figcaption>
      <div ref={place} class="plot" aria-hidden="true" />
      {times.length === 0 && <p class="hint">{empty}</p>}
    </figure>
  );
}

export const shown = (value: number | null | undefined): string =>
  value === null || value === undefined
    ? '–'
    : value >= 100
      ? String(Math.round(value))
      : value.toFixed(value < 10 ? 2 : 1);

function optionsOf(series: readonly Series[], width: number): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const probe = document.body.appendChild(document.createElement('span'));
  // A canvas knows no light-dark(): an element resolves the colour.
  const colourOf = (name: string) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const axis: uPlot.Axis = {
    stroke: colourOf('soft'),
    grid: { stroke: colourOf('line'), width: 1 },
    ticks: { show: false },
    font: `11px ${style.fontFamily}`,
  };
  const options: uPlot.Options = {
    width,
    height: HEIGHT_PX,
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    scales: { y: { range: (_, __, max) => [0, Math.max(1, max * 1.15)] } },
    axes: [
      { ...axis, space: 90, size: 28, values: (_, times) => times.map((at) => clockTime(at * 1000, 'en')) },
      { ...axis, size: 44 },
    ],
    series: [
      {},
      ...series.map(({ name, colour, isDashed }) => ({
        label: name,
        stroke: colourOf(colour),
        width: 2,
        points: { show: false },
        ...(isDashed && { dash: [5, 4] }),
      })),
    ],
  };
  probe.remove();
  return options;
}

/** Changes when the page turns dark or light: colours of a canvas do not change by themselves. */
function useScheme(): string {
  const dark = useRef(matchMedia('(prefers-color-scheme: dark)'));
  return `${document.documentElement.dataset['theme'] ?? ''}${dark.current.matches}`;
}

/** One lift max over time as steps, with a marker for each change and the simulated weeks as a dotted line. */
import 'uplot/dist/uPlot.min.css';
import { useEffect, useRef, useState } from 'react';
import uPlot from 'uplot';
import { formatNumber } from '../words/formats.ts';
import type { ChangeKind, MaxChange } from './max-history.ts';
import type { SimulatedPoint } from './simulation.ts';

export interface MaxChartProps {
  readonly changes: readonly MaxChange[];
  readonly simulated: readonly SimulatedPoint[];
  /** Converts stored values to the shown unit. */
  readonly convert: (value: number) => number;
  readonly unit: string;
  /** The point that is told about; undefined: none. */
  readonly onPoint: (change: MaxChange | undefined) => void;
}

const HEIGHT = 280;

export function MaxChart(props: MaxChartProps) {
  // The canvas does not follow the style sheet by itself.
  const scheme = useColorScheme();
  return <Chart key={scheme} {...props} />;
}

function Chart({ changes, simulated, convert, unit, onPoint }: MaxChartProps) {
  const frame = useRef<HTMLDivElement>(null);

  useEffect(() => {
    const element = frame.current;
    if (!element) {
      return;
    }
    const chart = new uPlot(
      optionsOf(element, changes, unit, onPoint),
      dataOf(changes, simulated, convert),
      element,
    );
    const resizing = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height: HEIGHT }));
    resizing.observe(element);
    return () => {
      resizing.disconnect();
      chart.destroy();
    };
  }, [changes, simulated, convert, unit, onPoint]);

  // The table under the chart has the same for those who do not see it.
  return <div className="chart" ref={frame} aria-hidden="true" />;
}

/** Columns: times in seconds, the stored values, the simulated values. */
function dataOf(
  changes: readonly MaxChange[],
  simulated: readonly SimulatedPoint[],
  convert: (value: number) => number,
): uPlot.AlignedData {
  const last = changes.at(-1);
  const nowMs = Math.max(Date.now(), last?.atMs ?? 0);
  const known = changes.map(({ atMs, value }) => [atMs, convert(value), null] as const);
  if (!last) {
    return [[], [], []];
  }
  const now = [nowMs, convert(last.value), convert(last.value)] as const;
  const coming = simulated.map(({ atMs, value }) => [atMs, null, convert(value)] as const);
  const rows = [...known, now, ...coming];
  return [rows.map(([at]) => at / 1000), rows.map(([, value]) => value), rows.map(([, , value]) => value)];
}

function optionsOf(
  element: HTMLElement,
  changes: readonly MaxChange[],
  unit: string,
  onPoint: MaxChartProps['onPoint'],
): uPlot.Options {
  const color = (name: string) => getComputedStyle(element).getPropertyValue(`--${name}`).trim();
  const axis: uPlot.Axis = {
    stroke: color('quiet'),
    font: '12px system-ui, sans-serif',
    grid: { stroke: color('line'), width: 1 },
    ticks: { show: false },
  };
  const palette = Object.fromEntries(
    Object.values(MARKERS).map((marker) => [marker.color, color(marker.color)]),
  );
  const steps = uPlot.paths.stepped?.({ align: 1 });
  return {
    width: element.clientWidth,
    height: HEIGHT,
    padding: [12, 16, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: true, y: false }, points: { show: false } },
    scales: { y: { range: (_, low, high) => widen(low, high) } },
    axes: [
      {
        ...{ ...axis, grid: { show: false }, space: 70, size: 34 },
        values: (_, splits) => splits.map((at) => dayLabel(at)),
      },
      { ...axis, size: 56, values: (_, splits) => splits.map((value) => formatNumber(value)) },
    ],
    series: [
      {},
      {
        ...{ label: unit, stroke: color('accent'), width: 2, paths: steps },
        points: { show: false },
      },
      {
        ...{ label: 'simulated', stroke: color('quiet'), width: 1.5, dash: [2, 5], paths: steps },
        points: { show: false },
      },
    ],
    hooks: {
      draw: [(chart) => drawMarkers(chart, changes, palette)],
      setCursor: [({ cursor }) => onPoint(cursor.idx == null ? undefined : changes[cursor.idx])],
    },
  };
}

/** What kinds look like: by shape as well as by colour. A raise is a small dot, because most changes are raises. */
const MARKERS: Readonly<
  Record<ChangeKind, { color: string; shape: 'dot' | 'down' | 'up' | 'square' | 'cross' }>
> = {
  start: { color: 'accent', shape: 'dot' },
  raise: { color: 'accent', shape: 'dot' },
  amrap: { color: 'good', shape: 'up' },
  deload: { color: 'bad', shape: 'down' },
  manual: { color: 'warn', shape: 'square' },
  revert: { color: 'warn', shape: 'cross' },
};

/** Raises that would stand on the one before are left out: a history of thousands would take long to draw. */
function drawMarkers(
  chart: uPlot,
  changes: readonly MaxChange[],
  palette: Readonly<Record<string, string>>,
): void {
  const { ctx, data } = chart;
  const values = data[1] ?? [];
  const scale = devicePixelRatio;
  let dotX = Number.NEGATIVE_INFINITY;
  ctx.save();
  for (const [index, { atMs, kind }] of changes.entries()) {
    const value = values[index];
    if (value == null) {
      continue;
    }
    const { color: name, shape } = MARKERS[kind];
    const x = chart.valToPos(atMs / 1000, 'x', true);
    const y = chart.valToPos(value, 'y', true);
    if (kind === 'raise' && Math.abs(x - dotX) < scale) {
      continue;
    }
    dotX = x;
    ctx.fillStyle = palette[name] ?? '';
    ctx.strokeStyle = palette[name] ?? '';
    ctx.lineWidth = 2 * scale;
    ctx.setLineDash([]);
    ctx.beginPath();
    drawShape(ctx, shape, x, y, scale);
  }
  ctx.restore();
}

function drawShape(
  ctx: CanvasRenderingContext2D,
  shape: (typeof MARKERS)[ChangeKind]['shape'],
  x: number,
  y: number,
  scale: number,
): void {
  const r = 5 * scale;
  switch (shape) {
    case 'dot':
      ctx.arc(x, y, 2.5 * scale, 0, 2 * Math.PI);
      ctx.fill();
      break;
    case 'square':
      ctx.rect(x - r * 0.8, y - r * 0.8, r * 1.6, r * 1.6);
      ctx.fill();
      break;
    case 'cross':
      ctx.moveTo(x - r, y - r);
      ctx.lineTo(x + r, y + r);
      ctx.moveTo(x - r, y + r);
      ctx.lineTo(x + r, y - r);
      ctx.stroke();
      break;
    default: {
      const tip = shape === 'down' ? r : -r;
      ctx.moveTo(x, y + tip * 1.2);
      ctx.lineTo(x - r, y - tip * 0.8);
      ctx.lineTo(x + r, y - tip * 0.8);
      ctx.fill();
    }
  }
}

/** Some room above and below, so that a max that never changed is a line in the middle. */
function widen(low: number | null, high: number | null): [number, number] {
  const [from, to] = [low ?? 0, high ?? 1];
  const room = Math.max((to - from) * 0.12, 2.5);
  return [Math.max(0, from - room), to + room];
}

const DAY_LABEL = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

function dayLabel(seconds: number): string {
  return DAY_LABEL.format(seconds * 1000);
}

function useColorScheme(): 'dark' | 'light' {
  const [isDark, setIsDark] = useState(() => matchMedia(DARK).matches);
  useEffect(() => {
    const query = matchMedia(DARK);
    const follow = () => setIsDark(query.matches);
    query.addEventListener('change', follow);
    return () => query.removeEventListener('change', follow);
  }, []);
  return isDark ? 'dark' : 'light';
}

const DARK = '(prefers-color-scheme: dark)';

// What draws charts. It is a file of its own so that the library is fetched where a chart is shown, and nowhere else.
import "uplot/dist/uPlot.min.css";
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import { type Stats, type Tone, ticks, toneVariable, when } from "./series";

const compact = new Intl.NumberFormat("en", { notation: "compact" });

export default function Plot(props: {
  label: string;
  stats: Stats;
  values: number[][];
  tones: Tone[];
  scheme: "light" | "dark";
  kind: "bars" | "lines";
  height: number;
  /** Told which interval is pointed at; undefined: none. */
  pointAt: (at: number | undefined) => void;
}) {
  const { stats, values, tones, scheme, kind, height } = props;
  const place = useRef<HTMLDivElement>(null);
  const pointAt = useRef(props.pointAt);
  pointAt.current = props.pointAt;
  // What is drawn, as a value: new arrays with the same numbers are no new picture.
  const drawn = JSON.stringify([stats.interval, stats.series.map((s) => s.at), values, tones]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: drawn stands for what it is made of
  useEffect(() => {
    const element = place.current;
    if (!element) {
      return;
    }
    const style = getComputedStyle(document.documentElement);
    const colour = (name: string) => style.getPropertyValue(name).trim();
    const text = colour("--mantine-color-dimmed");
    const line = colour(scheme === "dark" ? "--mantine-color-dark-4" : "--mantine-color-gray-3");
    const font = "12px system-ui, sans-serif";
    const n = stats.series.length;
    const bars = uPlot.paths.bars?.({ size: [0.7, 36], radius: 0.15 });
    const plot = new uPlot(
      {
        width: Math.max(element.clientWidth, 100),
        height,
        legend: { show: false },
        padding: [8, 22, 0, 0],
        cursor: { y: false, drag: { x: false, y: false, setScale: false }, points: { size: 7 } },
        scales: {
          x: { time: false, range: [-0.5, Math.max(n - 0.5, 0.5)] },
          y: { range: (_, __, most) => [0, Math.max(4, most * 1.08)] },
        },
        axes: [
          {
            stroke: text,
            font,
            size: 30,
            grid: { show: false },
            ticks: { show: false },
            splits: (u) => ticks(n, Math.floor(u.width / 76)),
            values: (_, splits) => splits.map((i) => when(stats.series[i]?.at ?? stats.from, stats.interval, true)),
          },
          {
            stroke: text,
            font,
            size: 42,
            space: 36,
            incrs: [1, 2, 5].flatMap((m) => Array.from({ length: 10 }, (_, e) => m * 10 ** e)).sort((a, b) => a - b),
            grid: { stroke: line, width: 1 },
            ticks: { show: false },
            values: (_, splits) => splits.map((v) => compact.format(v)),
          },
        ],
        series: [
          {},
          ...tones.map((tone, i): uPlot.Series => {
            const stroke = colour(toneVariable(tone, scheme));
            return kind === "bars"
              ? { stroke, fill: stroke, width: 0, paths: bars, points: { show: false } }
              : // The second line is dashed: colours alone tell them apart for many, and not for all.
                {
                  stroke,
                  width: 2,
                  fill: i === 0 ? `${stroke}26` : undefined,
                  dash: i === 0 ? undefined : [6, 4],
                  points: { show: n < 2 },
                };
          }),
        ],
        hooks: { setCursor: [(u) => pointAt.current(u.cursor.idx ?? undefined)] },
      },
      [stats.series.map((_, i) => i), ...values],
      element,
    );
    const watch = new ResizeObserver(() => plot.setSize({ width: Math.max(element.clientWidth, 100), height }));
    watch.observe(element);
    return () => {
      watch.disconnect();
      plot.destroy();
      pointAt.current(undefined);
    };
  }, [drawn, scheme, kind, height]);
  return <div ref={place} role="img" aria-label={props.label} style={{ height, overflow: "hidden" }} />;
}

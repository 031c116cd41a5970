/** The curves as one SVG: a column for each axis, a row for time, memory and compilation. */
import * as Plot from "@observablehq/plot";
import { JSDOM } from "jsdom";
import { logTicks } from "../../packages/cli/src/report/charts.ts";
import { type Axis, BASE, type Point, SWEEPS, TARGETS } from "./sweeps.ts";

const { document } = new JSDOM("").window;
const WIDTH = 300;
const HEIGHT = 200;
const TOP = 24;
const COLOURS = ["#4269d0", "#ff725c"];

const COLUMNS: Readonly<Record<Axis, string>> = {
  time: "time steps",
  size: "hidden size",
  batch: "batch",
};
const ROWS: readonly { label: string; value(p: Point): number }[] = [
  { label: "ms a training step", value: ({ ms }) => ms },
  { label: "MiB of memory", value: ({ peakBytes }) => peakBytes / 2 ** 20 },
  { label: "ms to compile", value: ({ compileMs }) => compileMs },
];

function panel(points: readonly Point[], axis: Axis, { label, value }: (typeof ROWS)[number]) {
  const shown = points.filter((p) => p.axis === axis);
  // One scale for a row, of three decades at least: what is steep looks steep, and what is flat flat.
  const all = points.map(value);
  const high = Math.max(...all);
  const domain = [Math.min(...all, high / 1e3), high];
  const lines = { x: "at", y: value, stroke: "target" } as const;
  return Plot.plot({
    document,
    ...{ width: WIDTH, height: HEIGHT, marginLeft: 48, marginRight: 18 },
    style: { fontFamily: "system-ui, sans-serif", fontSize: "11px", background: "none" },
    x: { type: "log", base: 2, label: COLUMNS[axis], ticks: [...SWEEPS[axis]], tickFormat: short },
    y: {
      type: "log",
      label,
      grid: true,
      domain,
      ticks: logTicks(domain),
      tickFormat: short,
    },
    color: { domain: [...TARGETS], range: COLOURS },
    marks: [Plot.lineY(shown, lines), Plot.dot(shown, { x: "at", y: value, fill: "target" })],
  });
}

/** 65536 → 66k, 0.05 → 0.05 */
const short = (x: number): string => (x >= 1e4 ? `${Math.round(x / 1e3)}k` : `${x}`);

export function plot(points: readonly Point[]): string {
  const axes = Object.keys(BASE) as Axis[];
  const panels = ROWS.flatMap((row, j) =>
    axes.map((axis, i) => {
      const svg = panel(points, axis, row);
      svg.setAttribute("x", String(i * WIDTH));
      svg.setAttribute("y", String(TOP + j * HEIGHT));
      return svg.outerHTML;
    }),
  );
  const legend = TARGETS.map(
    (target, i) => `<text x="${48 + 70 * i}" y="16" fill="${COLOURS[i]}">● ${target}</text>`,
  );
  const [width, height] = [axes.length * WIDTH, TOP + ROWS.length * HEIGHT];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}"`,
    ` width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="13">`,
    `<title>Cost of a training step against its sizes</title>`,
    `<rect width="100%" height="100%" fill="white"/>${legend.join("")}${panels.join("")}</svg>\n`,
  ].join("");
}

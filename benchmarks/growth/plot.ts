/** The curves as one SVG: a column for each axis, a row for time, memory and compilation. */
import { drawn } from "./panels.ts";
import { type Axis, BASE, type Point, SWEEPS } from "./sweeps.ts";

const COLUMNS: Readonly<Record<Axis, string>> = {
  time: "time steps",
  size: "hidden size",
  batch: "batch",
};

export const plot = (points: readonly Point[]): string =>
  drawn<Point>({
    title: "Cost of a training step against its sizes",
    columns: (Object.keys(BASE) as Axis[]).map((axis) => ({
      label: COLUMNS[axis],
      ticks: SWEEPS[axis],
      points: points.filter((p) => p.axis === axis),
    })),
    rows: [
      { label: "ms a training step", value: ({ ms }) => ms },
      { label: "MiB of memory", value: ({ peakBytes }) => peakBytes / 2 ** 20 },
      { label: "ms to compile", value: ({ compileMs }) => compileMs },
    ],
    at: ({ at }) => at,
    seriesOf: ({ target }) => target,
    series: { wasm: "#4269d0", native: "#ff725c" },
  });

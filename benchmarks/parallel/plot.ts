/** The curves as one SVG: a column for each way and batch, time above and memory below. */
import { drawn } from "../growth/panels.ts";
import { BATCHES, type Cost, type Point, TIMES, WAYS } from "./compare.ts";

interface Curve {
  readonly form: "step by step" | "at once";
  readonly point: Point;
  readonly cost: Cost;
}

const curves = (point: Point): Curve[] => [
  { form: "step by step", point, cost: point.steps },
  { form: "at once", point, cost: point.atOnce },
];

export const plot = (points: readonly Point[]): string =>
  drawn<Curve>({
    title: "A linear recurrence step by step, and all moments at once",
    columns: WAYS.flatMap((way) =>
      BATCHES.map((batch) => ({
        label: `moments, ${way}, batch ${batch}`,
        ticks: TIMES,
        points: points.filter((p) => p.way === way && p.batch === batch).flatMap(curves),
      })),
    ),
    rows: [
      { label: "ms", value: ({ cost }) => cost.ms },
      { label: "MiB of memory", value: ({ cost }) => cost.bytes / 2 ** 20 },
    ],
    at: ({ point }) => point.time,
    seriesOf: ({ form, point }) => `${form}, ${point.target}`,
    series: {
      "step by step, wasm": "#4269d0",
      "step by step, native": "#97bbf5",
      "at once, wasm": "#ff725c",
      "at once, native": "#f5b7a8",
    },
  });

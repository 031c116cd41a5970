/** The curves as one SVG: training and streaming side by side, time above and memory below. */
import { drawn } from "../growth/panels.ts";
import { type Point, TIMES } from "./contenders.ts";

/** One quantity of one of the two ways to run. */
interface Measured {
  readonly point: Point;
  readonly ms: number;
  readonly bytes: number;
}

const training = (point: Point): Measured => ({
  point,
  ms: point.trainingMs,
  bytes: point.trainingBytes,
});
const streaming = (point: Point): Measured => ({
  point,
  ms: point.streamingMs,
  bytes: point.streamingBytes,
});

export const plot = (points: readonly Point[]): string =>
  drawn<Measured>({
    title: "Attention and recurrence against the length of a sequence",
    columns: [
      { label: "moments of a training step", ticks: TIMES, points: points.map(training) },
      { label: "moments a stream remembers", ticks: TIMES, points: points.map(streaming) },
    ],
    rows: [
      { label: "ms", value: ({ ms }) => ms },
      { label: "MiB of memory", value: ({ bytes }) => bytes / 2 ** 20 },
    ],
    at: ({ point }) => point.time,
    seriesOf: ({ point }) => `${point.contender}, ${point.target}`,
    series: {
      "transformer, wasm": "#4269d0",
      "transformer, native": "#97bbf5",
      "lstm, wasm": "#ff725c",
      "lstm, native": "#f5b7a8",
      "lru, wasm": "#3ca951",
      "lru, native": "#a3d9ad",
    },
  });

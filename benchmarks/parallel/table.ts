/** The points as a table, and the lengths at which the form over all moments is the faster one. */
import type { TargetName } from "retrograd";
import { BATCHES, type Point, TARGETS, WAYS, type Way } from "./compare.ts";

const digits = (x: number): string => (x >= 1000 ? x.toFixed(0) : x.toPrecision(3));
const count = (x: number): string => x.toLocaleString("en");

/** Where the curves of one kind lie to each other. */
export function crossover(
  points: readonly Point[],
  target: TargetName,
  way: Way,
  batch: number,
): string {
  const own = points.filter((p) => p.target === target && p.way === way && p.batch === batch);
  const faster = own.filter(({ ratio }) => ratio < 1).map(({ time }) => count(time));
  if (faster.length > 0) return `all moments at once are faster at ${faster.join(", ")} moments`;
  const [least] = [...own].sort((a, b) => a.ratio - b.ratio);
  const nearest = `nearest at ${count(least.time)}, where it takes ${least.ratio.toFixed(2)} times as long`;
  return `no crossover: step by step is faster throughout (${nearest})`;
}

export function tables(points: readonly Point[]): string {
  const summary = TARGETS.flatMap((target) =>
    WAYS.flatMap((way) =>
      BATCHES.filter((batch) =>
        points.some((p) => p.target === target && p.way === way && p.batch === batch),
      ).map(
        (batch) => `- ${target}, ${way}, batch ${batch}: ${crossover(points, target, way, batch)}.`,
      ),
    ),
  );
  const rows = points.map(({ way, batch, time, target, steps, atOnce, ratio }) => [
    ...[way, target, `${batch}`, count(time)],
    ...[digits(steps.ms), digits(atOnce.ms), `**${ratio.toFixed(2)}**`],
    ...[steps, atOnce].map(({ bytes }) => (bytes / 2 ** 20).toFixed(1)),
  ]);
  const head = [
    ...["way", "target", "batch", "moments", "ms step by step", "ms at once", "ratio"],
    ...["MiB step by step", "MiB at once"],
  ];
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [...summary, "", line(head), line(head.map(() => "---")), ...rows.map(line), ""].join(
    "\n",
  );
}

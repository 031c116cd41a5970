/** Where the curves cross follows from the points, and every point is drawn. */
import { expect, test } from "vitest";
import { type Contender, type Point, TARGETS, TIMES } from "./contenders.ts";
import { plot } from "./plot.ts";
import { crossover, doubling, tables } from "./table.ts";

/** Attention costs time²/1,000, the recurrence 1 for each moment: they cross at 1,000. */
const points: Point[] = TIMES.flatMap((time) =>
  TARGETS.flatMap((target) =>
    (["transformer", "lstm", "lru"] as Contender[]).map((contender) => ({
      ...{ contender, target, time },
      trainingMs: contender === "transformer" ? time ** 2 / 1000 : time,
      trainingBytes: contender === "transformer" ? 2 : 1,
      streamingMs: contender === "transformer" ? 1 : 2,
      streamingBytes: 1,
    })),
  ),
);

test("curves that are powers cross where they should", () => {
  expect(crossover(points, "wasm", "trainingMs")).toBeCloseTo(1000, 6);
  expect(crossover(points, "wasm", "trainingBytes")).toBe(0);
  expect(crossover(points, "wasm", "streamingMs")).toBe(Infinity);
  // A moment costs time/1,000, the least of which is at 64; the recurrence always 1.
  expect(doubling(points, "native", "transformer")).toBeCloseTo(128, 6);
  expect(doubling(points, "native", "lstm")).toBe(Infinity);
  const told = tables(points);
  expect(told).toContain(
    "- wasm: with attention a training step takes longer than with a recurrence " +
      "from about 1,000 moments (lstm), from about 1,000 moments (lru).",
  );
  expect(told).toContain("needs more memory than with a recurrence at every length from 64 (lstm)");
  expect(tables(points.filter(({ time }) => time !== 8192))).toContain("| 8,192 | – | – |");
});

test("every point is drawn once in each panel", () => {
  expect(plot(points).match(/<circle/g)).toHaveLength(4 * points.length);
});

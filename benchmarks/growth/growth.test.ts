/** What is said about growth follows from the points, and every point is drawn. */
import { expect, test } from "vitest";
import { plot } from "./plot.ts";
import { type Axis, type Point, SWEEPS, TARGETS } from "./sweeps.ts";
import { growthOf, tables } from "./table.ts";

/** Ten milliseconds for each unit on wasm, a quarter of it on native; memory has a fixed part. */
const points: Point[] = (Object.keys(SWEEPS) as Axis[]).flatMap((axis) =>
  SWEEPS[axis].flatMap((at) =>
    TARGETS.map((target) => ({
      ...{ axis, target, at, compileMs: 200 },
      ms: at * (target === "wasm" ? 10 : 2.5),
      peakBytes: 2 ** 20 * (64 + at),
    })),
  ),
);

test("a cost that is linear has growth 1, and one with a fixed part less", () => {
  const own = points.filter(({ axis, target }) => axis === "time" && target === "wasm");
  const { units, ms, peakBytes, compileMs } = growthOf(own);
  expect([units, ms, compileMs]).toEqual([1024, 1, 1]);
  expect(peakBytes).toBeCloseTo((64 + 65_536) / (64 + 64) / 1024, 10);
});

test("tables have a row for each point of an axis, and say what one unit costs", () => {
  const lines = tables(points).split("\n");
  expect(lines[0]).toBe(
    "- wasm: with 1,024 times as many time steps, each takes 1.00 times as long and 0.500 times " +
      "as much memory, and compiling takes 1.00 times as long.",
  );
  expect(lines).toContain(
    "| 16,384 | 163840 | 10000 | 16448.0 | 200 | 40960 | 2500 | 16448.0 | 200 |",
  );
  expect(lines).toContain("| 512 | 5120 | 576.0 | 200 | 1280 | 576.0 | 200 |");
  const without = tables(points.filter(({ at }) => at !== 65_536));
  expect(without).toContain("| 65,536 | – | – | – | – | – | – | – | – |");
});

test("every point is drawn once in each row of the picture", () => {
  const drawn = plot(points).match(/<circle/g);
  expect(drawn).toHaveLength(3 * points.length);
});

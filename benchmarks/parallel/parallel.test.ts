/** What is told follows from the points, and every point is drawn. */
import { expect, test } from "vitest";
import { type Point, places } from "./compare.ts";
import { plot } from "./plot.ts";
import { crossover, tables } from "./table.ts";

/** At once takes 2,000/time times as long with one sample, and twice as long with several. */
const points: Point[] = places.map((place) => {
  const ratio = place.batch === 1 ? 2000 / place.time : 2;
  const steps = { ms: place.time, bytes: 2 ** 20 };
  return { ...place, steps, atOnce: { ms: ratio * place.time, bytes: 2 ** 21 }, ratio };
});

test("where the curves cross", () => {
  expect(crossover(points, "wasm", "forward", 1)).toBe(
    "all moments at once are faster at 4,096, 16,384 moments",
  );
  expect(crossover(points, "native", "gradient", 32)).toBe(
    "no crossover: step by step is faster throughout (nearest at 64, where it takes 2.00 times as long)",
  );
  const told = tables(points);
  expect(told.match(/^- /gm)).toHaveLength(8);
  expect(told).toContain("| forward | wasm | 1 | 4,096 | 4096 | 2000 | **0.49** | 1.0 | 2.0 |");
});

test("every point is drawn twice in each row of panels", () => {
  expect(plot(points).match(/<circle/g)).toHaveLength(4 * points.length);
});

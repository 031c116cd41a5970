/**
 * The benchmarks train what they say they train: with the same numbers, the losses of the first ten
 * steps are those of PyTorch 1.13 (Adam, rate 1e-3), before the first update and after the ninth.
 */
import { expect, test } from "vitest";
import type { Case } from "./case.ts";
import { benchmark as leaky } from "./cases/leaky-a.ts";
import { benchmark as lstm } from "./cases/lstm-a.ts";
import { benchmark as small } from "./cases/small.ts";

const cases: [Case, before: number, after: number][] = [
  [lstm, 4.855, 4.708],
  [leaky, 4.8576, 4.656],
  [small, 0.5906, 0.5837],
];

test.each(cases)("$name: the losses of PyTorch", async (own, before, after) => {
  const prepared = await own.prepare({ target: "wasm" });
  if (prepared.kind !== "step") throw new Error(`${own.name} is not timed`);
  const { loss0, loss9 } = prepared.fields!() as { loss0: number; loss9: number };
  expect(Math.abs(loss0 - before)).toBeLessThan(6e-5);
  expect(Math.abs(loss9 - after)).toBeLessThan(6e-5);
});

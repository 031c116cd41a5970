/** The page whose size is measured does what it says. */
import { expect, test } from "vitest";
import { learn } from "../../../scripts/page.ts";
import { tensor } from "../src/tensor/tensor.ts";

test("the page learns a wave, and its model runs", async () => {
  const losses: number[] = [];
  const predict = await learn(60, (loss) => losses.push(loss));
  expect(losses).toHaveLength(60);
  expect(losses[59]).toBeLessThan(losses[0] / 10);
  const wave = Array.from({ length: 24 }, (_, t) => [Math.sin(0.4 * t)]);
  const next = predict(tensor([wave])).data[23];
  expect(next).toBeCloseTo(Math.sin(0.4 * 24), 0);
});

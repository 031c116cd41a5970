/**
 * The benchmarks compute what they say they compute: with the same numbers, the losses of the first
 * ten steps are those of PyTorch 1.13 (Adam, rate 1e-3), before the first update and after the ninth,
 * and so are the outputs where nobody learns.
 */
import { expect, test } from "vitest";
import type { Case, CaseOptions } from "./case.ts";
import { benchmark as gated } from "./cases/gated-custom.ts";
import { benchmark as gru } from "./cases/gru-a.ts";
import { benchmark as leaky } from "./cases/leaky-a.ts";
import { benchmark as leakySmall } from "./cases/leaky-small.ts";
import { benchmark as lstm } from "./cases/lstm-a.ts";
import { benchmark as forward } from "./cases/lstm-a-forward.ts";
import { benchmark as largest } from "./cases/lstm-large.ts";
import { benchmark as small } from "./cases/small.ts";
import { benchmark as stream } from "./cases/stream.ts";

async function fieldsOf(own: Case, sizes: Omit<CaseOptions, "target"> = {}) {
  const prepared = await own.prepare({ target: "wasm", ...sizes });
  if (prepared.kind !== "step") throw new Error(`${own.name} is not timed`);
  return prepared.fields!() as Record<string, number>;
}

const learning: [Case, before: number, after: number][] = [
  [lstm, 4.855, 4.708],
  [leaky, 4.8576, 4.656],
  [small, 0.5906, 0.58365],
  [gru, 4.86012, 4.59197],
  [leakySmall, 3.46925, 3.45072],
  [gated, 4.16454, 4.07219],
];

test.each(learning)("$name: the losses of PyTorch", async (own, before, after) => {
  const { loss0, loss9 } = await fieldsOf(own);
  expect(Math.abs(loss0 - before)).toBeLessThan(6e-5);
  expect(Math.abs(loss9 - after)).toBeLessThan(6e-5);
});

const computing: [Case, mean: number, rms: number][] = [
  [forward, 0.0015193, 0.0723502],
  [stream, -0.0001112, 0.113571],
];

test.each(computing)("$name: the outputs of PyTorch", async (own, mean, rms) => {
  const found = await fieldsOf(own);
  expect(Math.abs(found.mean - mean)).toBeLessThan(1e-6);
  expect(Math.abs(found.rms - rms)).toBeLessThan(1e-6);
});

test("lstm-large: the loss of a few of its moments falls", async () => {
  const { loss0, loss9 } = await fieldsOf(largest, { batch: 2, length: 3 });
  expect(loss0).toBeGreaterThan(4);
  expect(loss9).toBeLessThan(loss0 / 2);
}, 60_000); // ten steps of eleven million parameters

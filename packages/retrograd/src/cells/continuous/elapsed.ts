/**
 * Time between moments, for cells whose state moves on by itself. With the option `times` the last
 * feature of the input is the time since the last moment, in the unit of the cell's time constants;
 * without it every moment comes one unit after the last.
 */
import { fail } from "../../errors/layers.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** How many features are left beside the time. @throws "bad-argument" where none is */
export function featuresBeside(name: string, input: number, times: boolean): number {
  if (times && input < 2)
    fail("bad-argument", {
      where: `${name}: times`,
      given: `an input of ${input} feature`,
      expected: "at least 2 features, of which the last one is the time since the last moment",
    });
  return times ? input - 1 : input;
}

/** x [features], and Δt: [1], or the number 1. */
export function elapsed(x: Tensor, times: boolean): { x: Tensor; dt: Tensor | number } {
  if (!times) return { x, dt: 1 };
  const last = x.shape[x.rank - 1] - 1;
  return { x: x.slice([0, last]), dt: x.slice([last, last + 1]) };
}

/**
 * Every time must lie above 0 and be finite, at the moments that are valid.
 * @param x      data [batch, time, features]
 * @param valid  bool [batch, time]
 * @throws "bad-argument" naming the first row and moment where it does not
 */
export function checkElapsed(name: string, x: Tensor, times: boolean, valid?: Tensor): void {
  if (!times) return;
  const [batch, time, features] = x.shape;
  for (let at = 0; at < batch * time; at++) {
    const dt = x.data[at * features + features - 1];
    if ((dt > 0 && dt < Infinity) || (valid?.isConcrete && valid.data[at] === 0)) continue;
    fail("bad-argument", {
      where: `${name}: times`,
      given: `the time ${dt} in row ${Math.floor(at / time)}, moment ${at % time}`,
      expected: "a time above 0 since the moment before, as the last feature",
    });
  }
}

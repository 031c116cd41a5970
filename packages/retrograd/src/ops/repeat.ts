/**
 * A recorded copy along a new leading axis: what a batch rule does to an operand that every sample
 * shares. It is a map, so the compiler reads the one operand instead of copying it.
 */
import { slot } from "../scalar/index.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { lettersOfRank } from "./axes.ts";
import { recordMap } from "./map.ts";

/** x under a new leading axis of `size`. */
export function repeated(x: Tensor, size: number): Tensor {
  const letters = lettersOfRank(x.rank);
  return recordMap(`${letters}->Z${letters}`, slot(0), [x], { sizes: { Z: size }, name: "repeat" });
}

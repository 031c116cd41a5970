/**
 * Sequences in chunks. A cell with a matrix as state need not write that matrix at every moment:
 * within a chunk each moment asks the moments before it (a product of moments by moments), and
 * only from chunk to chunk the matrix is carried.
 */
import { where } from "../../ops/elementwise.ts";
import { map } from "../../ops/map.ts";
import { pad } from "../../ops/slicing.ts";
import { index, lessEqual, select, slot, sub } from "../../scalar/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** [time, …] → [chunks, length, …], filled up with `value` behind the last moment. */
export function inChunks(x: Tensor, length: number, value = 0): Tensor {
  const [time, ...rest] = x.shape;
  const chunks = Math.ceil(time / length);
  const missing = chunks * length - time;
  const full =
    missing === 0 ? x : pad(x, [[0, missing], ...rest.map((): [number, number] => [0, 0])], value);
  return full.reshape([chunks, length, ...rest]);
}

/** [chunks, length, …] → [time, …]. */
export function outOfChunks(x: Tensor, time: number): Tensor {
  const [chunks, length, ...rest] = x.shape;
  return x.reshape([chunks * length, ...rest]).slice([0, time]);
}

/** x [time, …] where a moment is valid, `other` elsewhere. */
export const whereValid = (valid: Tensor | undefined, x: Tensor, other: number): Tensor =>
  valid ? where(valid.reshape([x.shape[0], ...Array<number>(x.rank - 1).fill(1)]), x, other) : x;

/** Running sums of [length, heads]: what has been multiplied up to a moment, as logarithms. */
export const runningSums = (x: Tensor): Tensor =>
  map("sh->th", select(lessEqual(index("s"), index("t")), slot(0), 0), [x], {
    sizes: { t: x.shape[0] },
    name: "running sums",
  });

/**
 * What is left at moment t of what was written at moment s, [heads, t, s], as a logarithm:
 * decays between them, and −∞ where s comes later.
 * @param sums   [length, heads], from `runningSums`
 * @param enter  [length, heads], a logarithm too: how strongly s was written
 */
export const logLeft = (sums: Tensor, enter?: Tensor): Tensor =>
  map(
    "th,sh->hts",
    select(lessEqual(index("s"), index("t")), sub(slot(0), slot(1)), -Infinity),
    [sums, enter ? sums.sub(enter) : sums],
    { name: "left" },
  );

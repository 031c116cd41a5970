/**
 * Axes added, dropped, exchanged and repeated: reshapes and maps that only move numbers.
 */
import { fail } from "../errors.ts";
import { slot } from "../scalar/index.ts";
import { showShape, type Tensor } from "../tensor/tensor.ts";
import { type Axes, axesOf, axisOf, LETTERS, lettersOfRank } from "./axes.ts";
import { map } from "./map.ts";
import { reshapeTo } from "./reshape.ts";
import { range } from "./strided.ts";

/** All axes from `from` on become one: of x [2, 3, 4] one of 24, or from 1 on [2, 12]. */
export function flatten(x: Tensor, from = 0): Tensor {
  const kept = x.shape.slice(0, x.rank === 0 ? 0 : axisOf("flatten", x, from));
  const rest = x.shape.slice(kept.length).reduce((a, b) => a * b, 1);
  return reshapeTo(x, [...kept, rest]);
}

/** A new axis of size 1, which becomes axis `axis` of the result. @throws "axis-range" */
export function expandDims(x: Tensor, axis: number): Tensor {
  return reshapeTo(x, x.shape.toSpliced(axisOf("expandDims", x, axis, x.rank + 1), 0, 1));
}

/** x without the given axes of size 1, or without all such axes. @throws "shape-mismatch" */
export function squeeze(x: Tensor, axis?: Axes): Tensor {
  const axes = axesOf("squeeze", x, axis).filter((d) => axis !== undefined || x.shape[d] === 1);
  const wide = axes.find((d) => x.shape[d] !== 1);
  if (wide !== undefined)
    fail("shape-mismatch", {
      op: "squeeze",
      given: `${x.describe()} with axis ${wide} of size ${x.shape[wide]}`,
      expected: "an axis of size 1",
    });
  return reshapeTo(
    x,
    x.shape.filter((_, d) => !axes.includes(d)),
  );
}

/**
 * Axes in another order: axis d of the result is axis axes[d] of x. Without axes, in reverse.
 * @throws "bad-argument" when axes are missing or repeated, "axis-range"
 */
export function transpose(x: Tensor, axes?: readonly number[]): Tensor {
  const order = (axes ?? range(x.rank).reverse()).map((d) => axisOf("transpose", x, d));
  if (order.length !== x.rank || new Set(order).size !== x.rank)
    fail("bad-argument", {
      where: "transpose",
      given: `the axes [${axes}] for ${x.describe()}`,
      expected: "every axis once",
    });
  if (order.every((d, i) => d === i)) return x;
  const letters = lettersOfRank(x.rank);
  const out = order.map((d) => letters[d]).join("");
  return map(`${letters}->${out}`, slot(0), [x], { name: "transpose" });
}

/** Two axes exchanged. @throws "axis-range" */
export function swapAxes(x: Tensor, a: number, b: number): Tensor {
  const [i, j] = [axisOf("swapAxes", x, a), axisOf("swapAxes", x, b)];
  return transpose(x, range(x.rank).with(i, j).with(j, i));
}

/** One axis moved to another place, the others in their order. @throws "axis-range" */
export function moveAxis(x: Tensor, from: number, to: number): Tensor {
  const [i, j] = [axisOf("moveAxis", x, from), axisOf("moveAxis", x, to)];
  return transpose(x, range(x.rank).toSpliced(i, 1).toSpliced(j, 0, i));
}

/**
 * x laid out several times along each axis.
 * @param times  one count per axis
 * @throws       "bad-argument"
 */
export function tile(x: Tensor, times: readonly number[]): Tensor {
  if (times.length !== x.rank || times.some((n) => !Number.isInteger(n) || n < 0))
    fail("bad-argument", {
      where: "tile",
      given: `${showShape(times)} for ${x.describe()}`,
      expected: "one whole number per axis",
    });
  const letters = lettersOfRank(x.rank);
  const copies = LETTERS.slice(x.rank, 2 * x.rank);
  const out = [...letters].map((l, d) => copies[d] + l).join("");
  const sizes = Object.fromEntries(times.map((n, d) => [copies[d], n]));
  const wide = map(`${letters}->${out}`, slot(0), [x], { sizes, name: "tile" });
  return reshapeTo(
    wide,
    x.shape.map((n, d) => n * times[d]),
  );
}

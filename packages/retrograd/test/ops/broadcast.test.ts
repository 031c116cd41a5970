/** Broadcasting against nested loops that know nothing of letters, over random shapes. */
import fc from "fast-check";
import { sub, type Tensor, tensor } from "retrograd";
import { expect, test } from "vitest";
import { type Shape, sizeOf } from "../../src/tensor/tensor.ts";
import { numbers } from "../derivatives.ts";

/** One entry: size-1 axes answer to every index, missing leading axes to none. */
const read = (x: Tensor, at: readonly number[]): number => {
  let part = x.toArray();
  x.shape.forEach((n, d) => {
    part = part[n === 1 ? 0 : at[at.length - x.rank + d]];
  });
  return part;
};

function positions(shape: Shape): number[][] {
  if (shape.length === 0) return [[]];
  const rest = positions(shape.slice(1));
  return Array.from({ length: shape[0] }, (_, i) => rest.map((p) => [i, ...p])).flat();
}

const shapes = fc
  .tuple(
    fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 4 }),
    fc.nat(4),
    fc.nat(4),
    fc.nat(15),
    fc.nat(15),
  )
  .map(([shape, dropA, dropB, onesA, onesB]) => {
    const narrow = (drop: number, ones: number) =>
      shape.slice(Math.min(drop, shape.length)).map((n, d) => ((ones >> d) & 1 ? 1 : n));
    return [narrow(dropA, onesA), narrow(dropB, onesB)];
  });

test("any two shapes that broadcast", () => {
  fc.assert(
    fc.property(shapes, fc.nat(1000), ([left, right], seed) => {
      const draw = numbers(seed);
      const make = (shape: Shape) => tensor(draw(sizeOf(shape)), { shape, dtype: "float64" });
      const [a, b] = [make(left), make(right)];
      const rank = Math.max(a.rank, b.rank);
      const sizes = Array.from({ length: rank }, (_, d) =>
        Math.max(a.shape[a.rank - rank + d] ?? 1, b.shape[b.rank - rank + d] ?? 1),
      );
      const got = sub(a, b);
      expect(got.shape).toEqual(sizes);
      expect([...got.data]).toEqual(positions(sizes).map((at) => read(a, at) - read(b, at)));
    }),
    { numRuns: 300, seed: 3 },
  );
});

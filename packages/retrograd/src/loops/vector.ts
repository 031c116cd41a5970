/** A state as one vector, whatever tree it is for the user: what whole-state solvers work on. */
import { fail } from "../errors.ts";
import { concatenate } from "../ops/concatenate.ts";
import { reshape } from "../ops/reshape.ts";
import { part } from "../ops/slicing.ts";
import { type DType, isFloat } from "../scalar/dtype.ts";
import { showType, sizeOf, type Tensor, type Type } from "../tensor/tensor.ts";

/** The dtype of states that make one vector. @throws "dtype-mismatch" */
export function floatOf(op: string, states: readonly (readonly [string, Tensor])[]): DType {
  const dtype = states[0]?.[1].dtype ?? "float32";
  for (const [name, t] of states)
    if (!isFloat(t.dtype) || t.dtype !== dtype)
      fail("dtype-mismatch", {
        op,
        given: `state "${name}" ${showType(t)}`,
        expected: "states of one float dtype",
      });
  return dtype;
}

export const joined = (leaves: readonly Tensor[]): Tensor =>
  concatenate(leaves.map((t) => reshape(t, [t.size])));

/** The leaves of a vector, which have these types. */
export function parts(vector: Tensor, types: readonly Type[]): Tensor[] {
  let from = 0;
  return types.map(({ shape }) => {
    const leaf = part(vector, 0, from, sizeOf(shape));
    from += sizeOf(shape);
    return reshape(leaf, shape);
  });
}

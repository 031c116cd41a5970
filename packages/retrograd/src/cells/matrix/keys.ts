/** Queries, keys and values of the delta rule, and how much of an old value is replaced. */
import type { Tensor } from "../../tensor/tensor.ts";
import { inHeads, unit } from "./heads.ts";

/** Of one moment x [input], or of all of them [time, input]. */
export function keysOf(
  x: Tensor,
  { W, Wb, b }: { W: Tensor; Wb: Tensor; b: Tensor },
  heads: number,
): { q: Tensor; k: Tensor; v: Tensor; rate: Tensor } {
  const parts = x.dot(W).silu();
  const part = (at: number) =>
    inHeads(parts.slice(...Array<null>(parts.rank - 2).fill(null), at), heads);
  return { q: unit(part(0)), k: unit(part(1)), v: part(2), rate: x.dot(Wb).add(b).logistic() };
}

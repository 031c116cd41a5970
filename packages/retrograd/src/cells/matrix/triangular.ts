/** The inverse of a unit lower triangular matrix as a few products of whole matrices. */
import { map } from "../../ops/map.ts";
import {
  and,
  type Expr,
  equal,
  index,
  less,
  mul,
  neg,
  select,
  shiftRight,
  slot,
} from "../../scalar/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/**
 * (1 + A)⁻¹ of matrices [n, t, s] of which only what lies below the diagonal is read.
 *
 * Blocks on the diagonal are inverted in pairs of neighbours, sizes 1, 2, 4, …:
 *   [[P, 0], [X, Q]]⁻¹ = [[P⁻¹, 0], [−Q⁻¹ X P⁻¹, Q⁻¹]]
 * so with T the inverses of all blocks so far and X the part of A between neighbours, T − T X T are
 * those of the pairs: log₂ t levels of two products. Unlike a sum of powers of A it never adds up
 * large numbers that cancel: the error is that of forward substitution.
 * Checked: forward substitution over numbers, also where all of A is 1.
 */
export function unitLowerInverse(A: Tensor): Tensor {
  const between = (level: number): Expr => {
    const [t, s] = ["t", "s"].map((letter) => index(letter));
    const same = equal(shiftRight(t, level + 1), shiftRight(s, level + 1));
    return and(same, less(shiftRight(s, level), shiftRight(t, level)));
  };
  const diagonal = select(equal(index("t"), index("s")), 1, 0);
  const times = (a: Tensor, b: Tensor) =>
    map("htr,hrs->hts", mul(slot(0), slot(1)), [a, b], { name: "inverse" });
  let T = map("hts->hts", select(between(0), neg(slot(0)), diagonal), [A], { name: "inverse" });
  for (let level = 1; 2 ** level < A.shape[1]; level++) {
    const X = map("hts->hts", select(between(level), slot(0), 0), [A], { name: "between" });
    T = T.sub(times(T, times(X, T)));
  }
  return T;
}

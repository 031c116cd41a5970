/** A recurrent cell of complex numbers whose matrix is unitary: rotations of every plane. */
import { oneOf } from "../../errors.ts";
import { expm } from "../../jit/learned.ts";
import { concatenate } from "../../ops/concatenate.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { cell } from "../cell.ts";
import { complexModRelu } from "./modRelu.ts";
import { phases, skew } from "./rotations.ts";

/**
 * z = x Wx + h U over complex numbers, U = exp(S + iT) with S = A − Aᵀ skew and T = B + Bᵀ
 * symmetric, which is every unitary matrix; h' = z / |z| ∘ relu(|z| + b) with modReLU, or h' = z.
 *
 * Options: size, the number of complex units; activation "modReLU" (default) or "linear".
 * Shapes: Wx [input, 2, size], real and imaginary parts; A, B [size, size]; b [size], with modReLU;
 * state { h: [2, size] }; output [2 size], real parts first.
 * Source: Arjovsky et al. 2016, arXiv:1511.06464; the exponential form: Lezcano-Casado and
 * Martínez-Rubio 2019, arXiv:1901.08428.
 * Checked: the equations on plain complex numbers, with Taylor's series for the exponential.
 */
export const unitary = cell({
  name: "unitary",
  options: { activation: "modReLU" as "modReLU" | "linear" },
  params: ({ input, size, activation }, init) => ({
    Wx: init.glorot([input, 2, size]),
    A: init.zeros([size, size]),
    B: phases(size),
    ...(oneOf("unitary: activation", activation, ["modReLU", "linear"]) === "modReLU"
      ? { b: init.zeros([size]) }
      : ({} as { b?: ReturnType<typeof init.zeros> })),
  }),
  state: ({ size }) => ({ h: [2, size] }),
  step({ h }, x, { Wx, A, B, b }, { size }) {
    const z = x.dot(Wx).add(h.flatten().dot(exponential(A, B)).reshape([2, size]));
    const next = b ? complexModRelu(z, b) : z;
    return { state: { h: next }, output: next.flatten() };
  },
});

/** exp(S + iT) as a real matrix of pairs: [re, im] times [[Re, Im], [−Im, Re]]. */
function exponential(A: Tensor, B: Tensor): Tensor {
  const [S, T] = [skew(A), B.add(B.transpose())];
  return expm(concatenate([concatenate([S, T], 1), concatenate([T.neg(), S], 1)], 0));
}

/**
 * Gated recurrent unit, in both published forms and both orientations of its update gate.
 */

import { oneOf } from "../errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { cell } from "./cell.ts";
import { gatesOf, plus } from "./gates.ts";
import type { Initial, Initialisers } from "./init.ts";

/**
 * Gated recurrent unit: a gate z chooses, unit by unit, between keeping h and moving to n.
 *   r = σ(x Wxr + h Whr + br)      z = σ(x Wxz + h Whz + bz)
 *   reset "after":   n = tanh(x Wxn + bn + r ∘ (h Whn + bhn))      PyTorch, cuDNN
 *   reset "before":  n = tanh(x Wxn + bn + (r ∘ h) Whn + bhn)      the paper
 *   h' = n + z ∘ (h − n)                                           update "keep": PyTorch
 *   h' = h + z ∘ (n − h)                                           update "move"
 * The last two are one cell: σ(−a) = 1 − σ(a), so reading weights of the other orientation negates
 * those of z.
 *
 * Options: size; reset "after" (default) or "before"; update "keep" (default) or "move"; chrono,
 * the longest time to be remembered; biases 0, 1 (default: one for each gate, and bhn with
 * "after") or 2 as in PyTorch.
 * Shapes: Wx [input, 3, size], Wh [size, 3, size], b [3, size], bh [3, size] or [size]; gates in
 * PyTorch's order r, z, n; state { h: [size] }; output h.
 * Source: Cho et al. 2014, arXiv:1406.1078, eq. 5–8 (z keeps); Chung et al. 2014, arXiv:1412.3555
 * (z moves).
 * Checked: PyTorch's GRU and HIPS/autograd's of both forms, forward and every gradient; Keras.
 */
export const gru = cell({
  name: "gru",
  options: {
    reset: "after" as "after" | "before",
    update: "keep" as "keep" | "move",
    chrono: undefined as number | undefined,
    biases: 1 as 0 | 1 | 2,
  },
  params: ({ input, size, ...rest }, init) => ({
    Wx: init.glorot([input, 3, size]),
    Wh: init.orthogonal([size, 3, size]),
    ...firstBiases(size, rest, init),
  }),
  state: ({ size }) => ({ h: [size] }),
  step({ h }, x, { Wx, Wh, b, bh }, { reset, update }) {
    const both = bh && bh.rank === 2 ? bh : undefined;
    const [ar, az, an] = gatesOf(plus(x.dot(Wx), b));
    const own = both?.slice(2) ?? bh;
    let n: Tensor;
    let z: Tensor;
    if (reset === "after") {
      const [hr, hz, hn] = gatesOf(plus(h.dot(Wh), both));
      const r = ar.add(hr).logistic();
      z = az.add(hz).logistic();
      n = an.add(r.mul(both ? hn : plus(hn, own))).tanh();
    } else {
      const [hr, hz] = gatesOf(plus(h.dot(Wh.slice(null, [0, 2])), both?.slice([0, 2])));
      const r = ar.add(hr).logistic();
      z = az.add(hz).logistic();
      n = plus(an.add(r.mul(h).dot(Wh.slice(null, 2))), own).tanh();
    }
    const next = update === "keep" ? n.add(z.mul(h.sub(n))) : h.add(z.mul(n.sub(h)));
    return { state: { h: next }, output: next };
  },
});

interface Choices {
  reset: "after" | "before";
  update: "keep" | "move";
  chrono: number | undefined;
  biases: 0 | 1 | 2;
}

/** b, and bh for both biases [3, size], or for the one that "after" multiplies by r [size]. */
function firstBiases(
  size: number,
  { reset, update, chrono, biases }: Choices,
  init: Initialisers,
): { b?: Initial; bh?: Initial } {
  oneOf("gru: reset", reset, ["after", "before"]);
  oneOf("gru: update", update, ["keep", "move"]);
  if (oneOf("gru: biases", biases, [0, 1, 2]) === 0) return {};
  const keeps = update === "keep" ? 1 : -1;
  const b =
    chrono === undefined ? init.zeros([3, size]) : init.chrono([3, size], chrono, [0, keeps, 0]);
  if (biases === 2) return { b, bh: init.zeros([3, size]) };
  return reset === "after" ? { b, bh: init.zeros([size]) } : { b };
}

/**
 * sLSTM: an LSTM whose input gate is exponential, so that a new value can outweigh all that came
 * before it; what was added up is divided by the weights with which it was added.
 */
import { oneOf } from "../../errors.ts";
import { where } from "../../ops/elementwise.ts";
import { map } from "../../ops/map.ts";
import { mul, slot } from "../../scalar/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { cell } from "../cell.ts";
import { headSize, inHeads } from "./heads.ts";

/** The logarithm of a forget gate from what comes before it. */
export const logForget = (gate: "exponential" | "logistic", f: Tensor): Tensor =>
  gate === "exponential" ? f : f.neg().softplus().neg();

/** A forget bias for each place, from 3 to 6 in equal steps: how fast units begin to forget. */
export const forgetBias = (at: number, count: number): number =>
  3 + (count > 1 ? (3 * at) / (count - 1) : 0);

/**
 * LSTM with exponential gates:
 *   i = exp(ĩ)   f = exp(f̃) or σ(f̃)   z = tanh(z̃)   o = σ(õ)      ĩ = x Wi + h Ri + bi, …
 *   c' = f ∘ c + i ∘ z     n' = f ∘ n + i     h' = o ∘ c' / n'
 * where each head of units reads h of its own head alone. Exponentials are kept in range by a
 * state m, which cancels: c and n hold what is above, times e^−m.
 *   m' = max(log f + m, ĩ), or ĩ at the first moment
 *
 * Options: size; heads (1), which must divide size; forget "logistic" (default) or "exponential".
 * Shapes: Wx [input, 4, size], R [heads, size/heads, 4, size/heads], b [4, size], in the order i,
 * f, z, o; state { h, c, n, m: [size] }; output h.
 * Source: Beck et al. 2024, arXiv:2405.04517, eq. 8–17; forget biases from 3 to 6: appendix.
 * Checked: a loop over numbers without m, forward; differences, every gradient.
 */
export const sLstm = cell({
  name: "sLstm",
  options: { heads: 1 as number, forget: "logistic" as "logistic" | "exponential" },
  params: ({ input, size, heads, forget }, init) => {
    const own = headSize("sLstm", size, heads);
    oneOf("sLstm: forget", forget, ["logistic", "exponential"]);
    return {
      Wx: init.glorot([input, 4, size]),
      R: init.normal([heads, own, 4, own], 1 / Math.sqrt(2 * own)),
      b: init.values([4, size], ([gate, at]) =>
        gate === 1 && forget === "logistic" ? forgetBias(at, size) : 0,
      ),
    };
  },
  state: ({ size }) => ({ h: [size], c: [size], n: [size], m: [size] }),
  step({ h, c, n, m }, x, { Wx, R, b }, { size, heads, forget }) {
    const own = map("hk,hkgj->ghj", mul(slot(0), slot(1)), [inHeads(h, heads), R], { name: "dot" });
    const gates = x
      .dot(Wx)
      .add(b)
      .add(own.reshape([4, size]));
    const [i, f, z, o] = [0, 1, 2, 3].map((gate) => gates.slice(gate));
    const kept = logForget(forget, f).add(m);
    const nextM = where(n.equal(0), i, kept.maximum(i));
    const enter = i.sub(nextM).exp();
    const keep = kept.sub(nextM).exp();
    const nextC = keep.mul(c).add(enter.mul(z.tanh()));
    const nextN = keep.mul(n).add(enter);
    const nextH = o.logistic().mul(nextC.div(nextN));
    return { state: { h: nextH, c: nextC, n: nextN, m: nextM }, output: nextH };
  },
});

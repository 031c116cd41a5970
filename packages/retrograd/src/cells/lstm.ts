/**
 * Long short-term memory: a cell state that is added to, and so carries its gradient far.
 */
import { oneOf } from "../errors.ts";
import { cell, wholeNumber } from "./cell.ts";
import { addBiases, biasesOf, gatesOf } from "./gates.ts";
import type { Initial, Initialisers } from "./init.ts";

/**
 * Long short-term memory, with a gate letter: weights are [in, 4, size], gates in PyTorch's order.
 *   i = σ(x Wxi + h Whi + bi)      f = σ(x Wxf + h Whf + bf)
 *   g = tanh(x Wxg + h Whg + bg)   o = σ(x Wxo + h Who + bo)
 *   c' = f ∘ c + i ∘ g             h' = o ∘ tanh(c')
 * Peepholes add pi ∘ c to i, pf ∘ c to f, and po ∘ c' to o. A projection gives h' = (o ∘
 * tanh(c')) Wr.
 *
 * Options: size; forgetBias (1); chrono, the longest time to be remembered, which replaces it;
 * peepholes; projection, the size of h; biases 0, 1 (default) or 2, of which PyTorch has two.
 * Shapes: Wx [input, 4, size], Wh [out, 4, size], b [4, size], peepholes [3, size], Wr [size, out];
 * state { h: [out], c: [size] }; output h, where out is the projection or else size.
 * Source: Hochreiter and Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735; forget gate and
 * peepholes: Gers et al. 2000 and 2002; projection: Sak et al. 2014, arXiv:1402.1128.
 * Checked: PyTorch's LSTM, forward and every gradient; Keras; onnxruntime.
 */
export const lstm = cell({
  name: "lstm",
  options: {
    forgetBias: 1 as number,
    chrono: undefined as number | undefined,
    peepholes: false as boolean,
    projection: undefined as number | undefined,
    biases: 1 as 0 | 1 | 2,
  },
  params: ({ input, size, projection = size, peepholes, ...rest }, init) => ({
    Wx: init.glorot([input, 4, size]),
    Wh: init.orthogonal([wholeNumber("lstm: projection", projection), 4, size]),
    ...biasesOf(
      oneOf("lstm: biases", rest.biases, [0, 1, 2]),
      firstBias(size, rest, init),
      init.zeros([4, size]),
    ),
    ...((peepholes ? { peepholes: init.zeros([3, size]) } : {}) as { peepholes?: Initial }),
    ...((projection !== size ? { Wr: init.glorot([size, projection]) } : {}) as { Wr?: Initial }),
  }),
  state: ({ size, projection = size }) => ({ h: [projection], c: [size] }),
  step({ h, c }, x, { Wx, Wh, b, bh, peepholes: p, Wr }) {
    const gates = gatesOf(addBiases(x.dot(Wx).add(h.dot(Wh)), b, bh));
    const peep = (gate: number, at: number, from: typeof c) =>
      p ? gates[gate].add(p.slice(at).mul(from)) : gates[gate];
    const i = peep(0, 0, c).logistic();
    const f = peep(1, 1, c).logistic();
    const g = gates[2].tanh();
    const nextC = f.mul(c).add(i.mul(g));
    const o = peep(3, 2, nextC).logistic();
    const m = o.mul(nextC.tanh());
    const nextH = Wr ? m.dot(Wr) : m;
    return { state: { h: nextH, c: nextC }, output: nextH };
  },
});

/** Zeros but for the forget gate; or, for long memories, forget and input gate by chrono. */
function firstBias(
  size: number,
  { forgetBias, chrono }: { forgetBias: number; chrono: number | undefined },
  init: Initialisers,
): Initial {
  if (chrono !== undefined) return init.chrono([4, size], chrono, [-1, 1, 0, 0]);
  return init.values([4, size], ([gate]) => (gate === 1 ? forgetBias : 0));
}

/**
 * Long short-term memory: a cell state that is added to, and so carries its gradient far.
 */
import { oneOf } from "../errors.ts";
import { normalise } from "../ops/normalise.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { cell, wholeNumber } from "./cell.ts";
import { addBiases, biasesOf, gatesOf } from "./gates.ts";
import type { Initial, Initialisers } from "./init.ts";

/** Added to the variance where sums are normalised. */
const EPSILON = 1e-5;

/**
 * Long short-term memory, with a gate letter: weights are [in, 4, size], gates in PyTorch's order.
 *   i = σ(x Wxi + h Whi + bi)      f = σ(x Wxf + h Whf + bf)
 *   g = tanh(x Wxg + h Whg + bg)   o = σ(x Wxo + h Who + bo)
 *   c' = f ∘ c + i ∘ g             h' = o ∘ tanh(c')
 * Peepholes add pi ∘ c to i, pf ∘ c to f, and po ∘ c' to o. A projection gives h' = (o ∘
 * tanh(c')) Wr. Coupled gates are three, f, g and o: what is forgotten makes room, i = 1 − f.
 * With layerNorm, x Wx and h Wh become LN(x Wx) ∘ scale.x and LN(h Wh) ∘ scale.h, each normalised
 * over all gates (b is their shift), and h' = o ∘ tanh(LN(c') ∘ scale.c + shift).
 *
 * Options: size; forgetBias (1); chrono, the longest time to be remembered, which replaces it;
 * peepholes; projection, the size of h; biases 0, 1 (default) or 2, of which PyTorch has two;
 * coupled; layerNorm.
 * Shapes: Wx [input, 4, size], Wh [out, 4, size], b [4, size], peepholes [3, size], Wr [size, out],
 * or 3 and 2 for coupled gates; scale { x, h: as b, c: [size] }, shift [size];
 * state { h: [out], c: [size] }; output h, where out is the projection or else size.
 * Source: Hochreiter and Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735; forget gate and
 * peepholes: Gers et al. 2000 and 2002; projection: Sak et al. 2014, arXiv:1402.1128; coupled
 * gates: Greff et al. 2015, arXiv:1503.04069; layerNorm: Ba et al. 2016, arXiv:1607.06450,
 * eq. 20–22.
 * Checked: PyTorch's LSTM, forward and every gradient; Keras; onnxruntime; coupled gates and
 * layerNorm against the equations on plain numbers.
 */
export const lstm = cell({
  name: "lstm",
  options: {
    forgetBias: 1 as number,
    chrono: undefined as number | undefined,
    peepholes: false as boolean,
    projection: undefined as number | undefined,
    biases: 1 as 0 | 1 | 2,
    coupled: false as boolean,
    layerNorm: false as boolean,
  },
  params({ input, size, projection = size, peepholes, layerNorm, ...rest }, init) {
    const gates = [rest.coupled ? 3 : 4, size];
    const norms = {
      scale: { x: init.ones(gates), h: init.ones(gates), c: init.ones([size]) },
      shift: init.zeros([size]),
    };
    return {
      Wx: init.glorot([input, ...gates]),
      Wh: init.orthogonal([wholeNumber("lstm: projection", projection), ...gates]),
      ...biasesOf(
        oneOf("lstm: biases", rest.biases, [0, 1, 2]),
        firstBias(size, rest, init),
        init.zeros(gates),
      ),
      ...((peepholes ? { peepholes: init.zeros([gates[0] - 1, size]) } : {}) as {
        peepholes?: Initial;
      }),
      ...((projection !== size ? { Wr: init.glorot([size, projection]) } : {}) as { Wr?: Initial }),
      ...((layerNorm ? norms : {}) as Partial<typeof norms>),
    };
  },
  state: ({ size, projection = size }) => ({ h: [projection], c: [size] }),
  step({ h, c }, x, { Wx, Wh, b, bh, peepholes: p, Wr, scale, shift }, { coupled }) {
    const [fromX, fromH] = [x.dot(Wx), h.dot(Wh)];
    const sums = scale
      ? normalised(fromX, scale.x).add(normalised(fromH, scale.h))
      : fromX.add(fromH);
    const gates = gatesOf(addBiases(sums, b, bh));
    // Coupled gates lack the first one, and so do their peepholes.
    const first = coupled ? 1 : 0;
    const peep = (gate: number, at: number, from: typeof c) =>
      p ? gates[gate - first].add(p.slice(at - first).mul(from)) : gates[gate - first];
    const f = peep(1, 1, c).logistic();
    const i = coupled ? f.neg().add(1) : peep(0, 0, c).logistic();
    const g = gates[2 - first].tanh();
    const nextC = f.mul(c).add(i.mul(g));
    const o = peep(3, 2, nextC).logistic();
    const m = o.mul((scale ? normalise(nextC, scale.c, shift, EPSILON) : nextC).tanh());
    const nextH = Wr ? m.dot(Wr) : m;
    return { state: { h: nextH, c: nextC }, output: nextH };
  },
});

/** All gates of a sum on one scale, whatever their number. */
const normalised = (sums: Tensor, scale: Tensor): Tensor =>
  normalise(sums.flatten(), scale.flatten(), undefined, EPSILON).reshape(sums.shape);

/** Zeros but for the forget gate; or, for long memories, forget and input gate by chrono. */
function firstBias(
  size: number,
  o: { forgetBias: number; chrono: number | undefined; coupled: boolean },
  init: Initialisers,
): Initial {
  const gates = [...(o.coupled ? [] : ["i"]), "f", "g", "o"];
  const shape = [gates.length, size];
  if (o.chrono !== undefined)
    return init.chrono(
      shape,
      o.chrono,
      gates.map((gate) => ({ i: -1, f: 1 })[gate] ?? 0),
    );
  return init.values(shape, ([gate]) => (gates[gate] === "f" ? o.forgetBias : 0));
}

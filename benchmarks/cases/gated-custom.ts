/**
 * A cell of a user's with two products and a dozen elementwise ops, which no library has fused by
 * hand: a gate that tires where it was used, 64→128, batch 16, 128 steps.
 */
import { cell } from "retrograd/cells";
import type { Case } from "../case.ts";
import { GATED, sequenceNumbers } from "../numbers.ts";
import { sequenceCase } from "../sequence.ts";
import { shaped } from "../training.ts";

const { input, size } = GATED;
const FORGET = 0.9;

/**
 *   d = h W + x U + b       g = σ(p ∘ d − e)
 *   h' = h + g ∘ (tanh(d) − h)      e' = 0.9 e + 0.1 h'²
 */
const tiring = cell({
  name: "tiring",
  params: ({ input, size }, init) => ({
    W: init.orthogonal([size, size]),
    U: init.glorot([input, size]),
    b: init.zeros([size]),
    p: init.zeros([size]),
  }),
  state: ({ size }) => ({ h: [size], e: [size] }),
  step({ h, e }, x, { W, U, b, p }) {
    const drive = h.dot(W).add(x.dot(U)).add(b);
    const gate = drive.mul(p).sub(e).logistic();
    const next = h.add(gate.mul(drive.tanh().sub(h)));
    const tired = e.mul(FORGET).add(next.mul(next).mul(1 - FORGET));
    return { state: { h: next, e: tired }, output: next };
  },
});

export const benchmark: Case = {
  name: "gated-custom",
  shards: true,
  question: "And a user's cell with a gate of its own? 64→128, batch 16, 128 steps",
  prepare: (options) => {
    const numbers = sequenceNumbers(5, GATED, 1);
    const { Wx, Wh, b } = numbers.cell;
    const own = {
      cell: tiring({ size }),
      params: {
        W: shaped(Wh, size, size),
        U: shaped(Wx, input, size),
        b: shaped(b, size),
        p: shaped(numbers.weights(size), size),
      },
    };
    return sequenceCase(GATED, numbers, own, options);
  },
};

/**
 * The LSTM of lstm-a as a user might write it: a matrix of its own for each gate, eight products a
 * step where the built-in cell has two. What the built-in form gains is what such a user loses.
 */
import type { Tensor } from "retrograd";
import { cell } from "retrograd/cells";
import type { Case } from "../case.ts";
import { largeCase } from "../large.ts";
import { LARGE } from "../numbers.ts";
import { shaped } from "../training.ts";

const { input, size } = LARGE;
const GATES = ["i", "f", "g", "o"] as const;
type Gate = (typeof GATES)[number];

const separate = cell({
  name: "separate",
  params: ({ input, size }, init) =>
    Object.fromEntries(
      GATES.flatMap((gate) => [
        [`W${gate}`, init.orthogonal([size, size])],
        [`U${gate}`, init.glorot([input, size])],
        [`b${gate}`, init.zeros([size])],
      ]),
    ),
  state: ({ size }) => ({ h: [size], c: [size] }),
  step({ h, c }, x, params: Record<string, Tensor>) {
    const sum = (gate: Gate) =>
      h
        .dot(params[`W${gate}`])
        .add(x.dot(params[`U${gate}`]))
        .add(params[`b${gate}`]);
    const kept = sum("f").logistic().mul(c);
    const next = kept.add(sum("i").logistic().mul(sum("g").tanh()));
    const shown = sum("o").logistic().mul(next.tanh());
    return { state: { h: shown, c: next }, output: shown };
  },
});

/** One gate's part of a matrix [rows, 4, size]. */
function part(all: Float32Array, rows: number, gate: number): Float32Array {
  const out = new Float32Array(rows * size);
  for (let row = 0; row < rows; row++) {
    const from = (row * GATES.length + gate) * size;
    out.set(all.subarray(from, from + size), row * size);
  }
  return out;
}

export const benchmark: Case = {
  name: "gates-a",
  shards: true,
  question: "And an LSTM with a matrix for each gate?",
  prepare: (options) =>
    largeCase(
      {
        cell: separate({ size }),
        params: ({ lstm: { Wx, Wh, b } }) =>
          Object.fromEntries(
            GATES.flatMap((gate, k) => [
              [`W${gate}`, shaped(part(Wh, size, k), size, size)],
              [`U${gate}`, shaped(part(Wx, input, k), input, size)],
              [`b${gate}`, shaped(part(b, 1, k), size)],
            ]),
          ),
      },
      options,
    ),
};

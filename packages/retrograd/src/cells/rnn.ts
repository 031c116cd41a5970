/**
 * The plain recurrent cell: the state is squashed and fed back.
 */

import { oneOf } from "../errors.ts";
import { activate } from "./activation.ts";
import { cell } from "./cell.ts";
import { addBiases, biasesOf } from "./gates.ts";

/**
 * Elman network: h' = f(x Wx + h Wh + b)
 *
 * Options: size; activation "tanh" (default) or any other of `activations`; biases 0, 1 (default)
 * or 2, of which PyTorch has two that are added.
 * Shapes: Wx [input, size], Wh [size, size], b [size]; state { h: [size] }; output h.
 * Source: Elman 1990, doi:10.1207/s15516709cog1402_1.
 * Checked: PyTorch's RNN with tanh and relu, forward and every gradient; Keras' SimpleRNN.
 */
export const rnn = cell({
  name: "rnn",
  options: { activation: "tanh" as string, biases: 1 as 0 | 1 | 2 },
  params: ({ input, size, biases }, init) => ({
    Wx: init.glorot([input, size]),
    Wh: init.orthogonal([size, size]),
    ...biasesOf(oneOf("rnn: biases", biases, [0, 1, 2]), init.zeros([size]), init.zeros([size])),
  }),
  state: ({ size }) => ({ h: [size] }),
  step({ h }, x, { Wx, Wh, b, bh }, { activation }) {
    const next = activate(activation, addBiases(x.dot(Wx).add(h.dot(Wh)), b, bh));
    return { state: { h: next }, output: next };
  },
});

/**
 * The plain recurrent cell: the state is squashed and fed back.
 */

import { oneOf } from "../errors.ts";
import { activate } from "./activation.ts";
import { cell } from "./cell.ts";
import { addBiases, biasesOf } from "./gates.ts";
import { fedBack, feedback, type Recurrence } from "./structured/recurrence.ts";

/**
 * Elman network: h' = f(x Wx + h Wh + b)
 *
 * Options: size; activation "tanh" (default) or any other of `activations`; biases 0, 1 (default)
 * or 2, of which PyTorch has two that are added; recurrence, the form of Wh and what a step of it
 * costs: "full" (default, n²), "diagonal" (n), { rank: r } (2 n r) or { blocks: k } (n² / k).
 * Shapes: Wx [input, size], Wh [size, size], b [size]; state { h: [size] }; output h. Wh is [size]
 * where it is diagonal; Wh [size, r] and Wr [r, size] of low rank; [size / k, k, size / k] in
 * blocks, which block in the middle.
 * Source: Elman 1990, doi:10.1207/s15516709cog1402_1; diagonal: Li et al. 2018, arXiv:1803.04831.
 * Checked: PyTorch's RNN with tanh and relu, forward and every gradient; Keras' SimpleRNN; each
 * other form of Wh against the full matrix that it stands for.
 */
export const rnn = cell({
  name: "rnn",
  options: {
    activation: "tanh" as string,
    biases: 1 as 0 | 1 | 2,
    recurrence: "full" as Recurrence,
  },
  params: ({ input, size, biases, recurrence }, init) => ({
    Wx: init.glorot([input, size]),
    ...feedback("rnn: recurrence", recurrence, size, init),
    ...biasesOf(oneOf("rnn: biases", biases, [0, 1, 2]), init.zeros([size]), init.zeros([size])),
  }),
  state: ({ size }) => ({ h: [size] }),
  step({ h }, x, { Wx, Wh, Wr, b, bh }, { activation, recurrence }) {
    const sums = x.dot(Wx).add(fedBack(recurrence, h, Wh, Wr));
    const next = activate(activation, addBiases(sums, b, bh));
    return { state: { h: next }, output: next };
  },
});

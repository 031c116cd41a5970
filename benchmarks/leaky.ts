/** A cell that a user wrote: nothing in the compiler knows it. */
import { cell } from "retrograd/cells";

const MOVE = 0.3;

/** h' = (1 − a) h + a tanh(h W + x U + b) */
export const leaky = cell({
  name: "leaky",
  params: ({ input, size }, init) => ({
    W: init.orthogonal([size, size]),
    U: init.glorot([input, size]),
    b: init.zeros([size]),
  }),
  state: ({ size }) => ({ h: [size] }),
  step({ h }, x, { W, U, b }) {
    const moved = h.dot(W).add(x.dot(U)).add(b).tanh();
    const next = h.mul(1 - MOVE).add(moved.mul(MOVE));
    return { state: { h: next }, output: next };
  },
});

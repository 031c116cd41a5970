/**
 * A recurrent model as users write one by hand: batched, a scan, an output layer. Faulty and sound
 * models are made of it by changing one thing.
 */
import { map, random, scalar, scan, type Tensor, zeros } from "retrograd";
import type { RunOptions, Trainable } from "retrograd/train";

export const INPUT = 3;
export const SIZE = 4;

/** [a, b, c] → [b, a, c] */
export const swap = (x: Tensor): Tensor => map("abc->bac", scalar.slot(0), [x]);
export const draw = (seed: number, shape: number[], deviation = 0.5): Tensor =>
  random.normal(random.key(seed), shape, { deviation });
const zerosLike = (rows: number, { dtype }: Tensor) => zeros([rows, SIZE], { dtype });

export type Step = (h: Tensor, x: Tensor, params: any) => Tensor;
/** h' = tanh(x U + h W + b) */
export const plainStep: Step = (h, x, { U, W, b }) => x.dot(U).add(h.dot(W)).add(b).tanh();

/** The loop: [batch, time, SIZE] from [batch, time, INPUT]. */
export function loop(params: any, x: Tensor, options: RunOptions, step: Step = plainStep) {
  const { state, lengths } = options;
  const { U, W, b } = params;
  const ran = scan(
    ({ h }: { h: Tensor }, now: Tensor, p: any) => {
      const next = step(h, now, p);
      return { state: { h: next }, output: next };
    },
    state ?? { h: zerosLike(x.shape[0], x) },
    swap(x),
    { U, W, b },
    { ...(lengths && { lengths }) },
  );
  return { output: swap(ran.outputs as Tensor), state: ran.state };
}

/** A model whose `run` is given; the rest is that of a plain recurrent network. */
export const handmade = (
  run: Trainable["run"],
  own: Partial<Trainable> & { params?: Record<string, Tensor> } = {},
): Trainable => ({
  init: () => ({
    U: draw(1, [INPUT, SIZE]),
    W: draw(2, [SIZE, SIZE]),
    b: draw(3, [SIZE]),
    ...own.params,
  }),
  state: (params, rows) => ({ h: zerosLike(rows, params.U) }),
  run,
  ...own,
});

/** What hand-made models are checked with. */
export const inputs = draw(9, [3, 8, INPUT], 1);

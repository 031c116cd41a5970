/** The other half of an RWKV-7 layer: a moment and the last one, through one hidden layer. */
import type { Tensor } from "../../tensor/tensor.ts";
import { cell, wholeNumber } from "../cell.ts";
import { whereValid } from "./chunks.ts";
import { lastMoments } from "./lastMoment.ts";

/**
 * The channel mixing of RWKV-7, which remembers no more than the moment before:
 *   h = max((x + (x₋ − x) ∘ μ) Wk, 0)² Wv
 *
 * Options: size; hidden (4 · size), units of the hidden layer.
 * Shapes: mix μ [input], Wk [input, hidden], Wv [hidden, size]; state { x: [input] }; output h
 * [size].
 * Source: Peng et al. 2025, arXiv:2503.14456, section 4 (MLP).
 * Checked: a loop over numbers, forward; differences, every gradient.
 */
export const rwkv7Channels = cell({
  name: "rwkv7Channels",
  options: { hidden: undefined as number | undefined },
  params: ({ input, size, hidden = 4 * size }, init) => ({
    mix: init.values([input], ([at]) => 1 - (at / input) ** 4),
    Wk: init.glorot([input, wholeNumber("rwkv7Channels: hidden", hidden)]),
    Wv: init.glorot([hidden, size]),
  }),
  state: ({ input }) => ({ x: [input] }),
  step: ({ x: last }, x, params) => ({ state: { x }, output: mixed(x, last, params) }),
  parallel({ x: first }, xs, params, { valid }) {
    const { before, last } = lastMoments(first, xs, valid);
    const outputs = whereValid(valid, mixed(xs, before, params), 0);
    return { state: { x: last }, outputs };
  },
  prefer: "parallel",
});

/** Of one moment x [input] after the last, or of all of them [time, input]. */
const mixed = (x: Tensor, last: Tensor, { mix, Wk, Wv }: Record<"mix" | "Wk" | "Wv", Tensor>) =>
  x.add(last.sub(x).mul(mix)).dot(Wk).relu().square().dot(Wv);

/** A layer that training leaves alone: a reservoir, or features that were learned elsewhere. */
import { fail } from "../errors/layers.ts";
import type { Layer } from "./layer.ts";

/**
 * The same layer, whose parameters are drawn, saved and loaded as ever, and not trained: no
 * gradient of theirs is computed and the optimizer keeps nothing of them. A gradient still passes
 * through to layers before it, where those learn. Of a recurrent layer at the front, nothing runs
 * backwards.
 *
 *   const model = sequential(frozen(unroll(reservoir)), dense(1));
 *
 * @throws "bad-argument" unless it is given a layer
 * Checked: the other parameters move as in training that sets the gradient of these to zero; a
 *   program with a frozen recurrence has no loop that runs backwards.
 */
export function frozen<L extends Layer>(layer: L): L {
  if (typeof layer?.plan !== "function")
    fail("bad-argument", {
      where: "frozen",
      given: typeof layer,
      expected: "a layer, such as unroll(cell)",
    });
  return { ...layer, name: `frozen(${layer.name})`, learning: () => ({}) };
}

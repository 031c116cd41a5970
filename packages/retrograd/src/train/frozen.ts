/**
 * Parameters that training leaves alone. A method is shown a model of the other ones only: so no
 * gradient of these is asked for, whichever the method, and nothing is compiled that they alone
 * would need.
 */
import { fail } from "../errors/training.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { flatten, leavesOf, mapTree } from "../tensor/tree.ts";
import type { Method, Trainable } from "./method.ts";

interface Split {
  /** The parameters that learn, in their places in the tree. */
  readonly learning: any;
  /** All parameters, from those. */
  whole(learning: any): any;
}

/** @throws "bad-argument" where nothing is left to learn */
export function split({ learning: part }: Trainable, params: any): Split {
  if (!part) return { learning: params, whole: (own) => own };
  const learning = part(params);
  if (flatten(learning).length === 0)
    fail("bad-argument", {
      where: "train",
      given: "a model whose layers with parameters are all frozen",
      expected: "one that learns, such as dense(1) after frozen(…)",
    });
  return {
    learning,
    whole(own) {
      const moved = new Map(leavesOf<Tensor>(own));
      return mapTree(params, (t: Tensor, path) => moved.get(path) ?? t);
    },
  };
}

/** The model as a function of the parameters that learn. */
const modelOf = (model: Trainable, { whole }: Split): Trainable => {
  const { moment, sample } = model;
  return {
    ...model,
    learning: undefined,
    run: (own, inputs, options) => model.run(whole(own), inputs, options),
    state: (own, batch) => model.state(whole(own), batch),
    ...(moment && { moment: (own, state, x) => moment.call(model, whole(own), state, x) }),
    ...(sample && { sample: (own) => sample.call(model, whole(own)) }),
  };
};

/** The same method, whose gradients are those of the parameters that learn. */
export const sparingFrozen = (method: Method): Method => ({
  ...method,
  init(model, params, rows) {
    const parts = split(model, params);
    return method.init(modelOf(model, parts), parts.learning, rows);
  },
  learn(lesson, params, state) {
    const parts = split(lesson.model, params);
    return method.learn({ ...lesson, model: modelOf(lesson.model, parts) }, parts.learning, state);
  },
});

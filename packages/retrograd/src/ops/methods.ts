/**
 * The functions as methods: a.add(b) is add(a, b). One list makes both the methods and their types,
 * so a function is added to it by its name alone.
 */
import { Tensor } from "../tensor/tensor.ts";
import { broadcastTo } from "./broadcast.ts";
import { cumsum } from "./cumulative.ts";
import * as elementwise from "./elementwise.ts";
import { flip } from "./flip.ts";
import { diagonal, dot, matmul, outer, trace, tril, triu } from "./linear.ts";
import * as reductions from "./reductions.ts";
import { reshape } from "./reshape.ts";
import { expandDims, flatten, moveAxis, squeeze, swapAxes, tile, transpose } from "./shape.ts";
import { at, pad, roll, shift, slice, split } from "./slicing.ts";
import { logSoftmax, logSumExp, softmax } from "./softmax.ts";
import { stopGradient } from "./stopGradient.ts";
import { oneHot, scatterAdd, take } from "./take.ts";
import { argsort, sort, topK } from "./topK.ts";

const methods = {
  ...elementwise,
  ...reductions,
  ...{ cumsum, logSoftmax, logSumExp, softmax },
  ...{ diagonal, dot, matmul, outer, trace, tril, triu },
  ...{ broadcastTo, expandDims, flatten, moveAxis, reshape, squeeze, swapAxes, tile, transpose },
  ...{ at, flip, pad, roll, shift, slice, split },
  ...{ argsort, oneHot, scatterAdd, sort, take, topK },
  stopGradient: (x: Tensor): Tensor => stopGradient(x),
};

/** f without its first parameter, which becomes `this`. */
type Method<F> = F extends (first: any, ...rest: infer R) => infer Y ? (...rest: R) => Y : never;
type Methods = { [K in keyof typeof methods]: Method<(typeof methods)[K]> };

declare module "../tensor/tensor.ts" {
  interface Tensor extends Methods {}
}

for (const [name, f] of Object.entries(methods))
  Object.defineProperty(Tensor.prototype, name, {
    value(this: Tensor, ...rest: unknown[]) {
      return (f as (...args: unknown[]) => unknown)(this, ...rest);
    },
    writable: true,
    configurable: true,
  });

/**
 * The smallest recurrent model that can be trained, written by hand on `scan`, so that these tests
 * rest on nothing but the compiler: h' = tanh(x U + h W + b), output h' V + c.
 */

import { scan } from "../../src/loops/scanTree.ts";
import { map } from "../../src/ops/map.ts";
import { add, type DType, mul, slot, tanh } from "../../src/scalar/index.ts";
import { type Tensor, tensor } from "../../src/tensor/tensor.ts";
import type { Trainable } from "../../src/train/index.ts";

/** Numbers in [−1, 1) that depend on their place alone. */
export function numbers(count: number, seed = 1): Float64Array {
  let s = seed * 2654435761;
  return Float64Array.from({ length: count }, () => {
    s = (Math.imul(s ^ (s >>> 15), 2246822519) + 374761393) | 0;
    return s / 2 ** 31;
  });
}

/** A float64 tensor of them. */
export const values = (seed: number, ...shape: number[]): Tensor =>
  tensor(
    numbers(
      shape.reduce((a, b) => a * b),
      seed,
    ),
    { shape },
  );

export interface SmallSizes {
  input: number;
  size: number;
  output: number;
  dtype?: DType;
  /** The state before the first step is a parameter. */
  learned?: boolean;
  /** Only the last step is shown. */
  last?: boolean;
}

const swap = (x: Tensor) => map("abc->bac", slot(0), [x]);

export function smallRnn({ input, size, output, dtype = "float32", learned, last }: SmallSizes) {
  const draw = (shape: number[], seed: number) =>
    tensor(
      numbers(
        shape.reduce((a, b) => a * b, 1),
        seed,
      ).map((x) => x * 0.5),
      { shape, dtype },
    );
  const model: Trainable & { init(): any } = {
    init: () => ({
      U: draw([input, size], 1),
      W: draw([size, size], 2),
      b: draw([size], 3),
      V: draw([size, output], 4),
      c: draw([output], 5),
      ...(learned ? { h0: draw([size], 6) } : {}),
    }),
    state: (params, rows) => ({
      h: learned
        ? map("h->bh", slot(0), [params.h0], { sizes: { b: rows } })
        : tensor(new Float64Array(rows * size), { shape: [rows, size], dtype }),
    }),
    run(params, x, { state, lengths }) {
      const rows = x.shape[0];
      const step = ({ h }: { h: Tensor }, now: Tensor, p: any) => {
        const a = map("bi,ih->bh", mul(slot(0), slot(1)), [now, p.U]);
        const r = map("bh,hk->bk", mul(slot(0), slot(1)), [h, p.W]);
        const next = map("bh,bh,h->bh", tanh(add(add(slot(0), slot(1)), slot(2))), [a, r, p.b]);
        return { state: { h: next }, output: next };
      };
      const { U, W, b } = params;
      const ran = scan(step, state ?? model.state(params, rows), swap(x), { U, W, b }, { lengths });
      const h = last ? ran.state.h : swap(ran.outputs as Tensor);
      const axes = last ? "b" : "bt";
      const product = map(`${axes}h,ho->${axes}o`, mul(slot(0), slot(1)), [h, params.V]);
      const out = map(`${axes}o,o->${axes}o`, add(slot(0), slot(1)), [product, params.c]);
      return { output: out, state: ran.state };
    },
  };
  return model;
}

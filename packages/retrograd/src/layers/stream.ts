/**
 * A model that runs as its input arrives: one moment a call, the state kept inside the program, the
 * cost of a call independent of how much came before.
 */

import { checkState } from "../cells/unroll.ts";
import { fail } from "../errors/layers.ts";
import { type JitOptions, type Resident, resident } from "../jit/jit.ts";
import { allocate, type Data, isFloat } from "../scalar/dtype.ts";
import { concrete, sameShape, showType, sizeOf, Tensor, type Type } from "../tensor/tensor.ts";
import type { Flow, Layer, Plan } from "./layer.ts";

/** A moment as numbers or as a tensor. */
export type Value = number | readonly number[] | Data | Tensor;

export interface Live {
  /** The output for the next moment: x of the shape of one sample at one moment, or its numbers. */
  push(x: Value): Tensor;
  /** Back to the state before the first moment, or to another one. */
  reset(state?: any): void;
  /** A copy of the state as it is now. */
  readonly state: any;
  /** What the program does in one call; see `jit`. */
  explain(): string;
  /** Memory of the program, in bytes; 0 before it is compiled. */
  readonly peakBytes: number;
}

interface Carry {
  readonly params: any;
  readonly state: any;
}

/**
 * @param known   the type of a moment, where it is known before the first one comes
 * @param planOf  checks the parameters for it
 */
export function stream(
  layer: Layer,
  params: unknown,
  known: Flow | undefined,
  planOf: (flow: Flow) => Plan,
  options: JitOptions,
): Live {
  let program: { run: Resident<Carry, Tensor>; first: any; plan: Plan; flow: Flow } | undefined;
  const build = (flow: Flow) => {
    const plan = planOf(flow);
    const first = layer.start(params, plan, undefined);
    const step = (carry: Carry, x: Tensor) => {
      const { output, state } = layer.moment(carry.params, carry.state, x);
      return [{ params: carry.params, state }, output] as const;
    };
    program = {
      run: resident<Carry, Tensor>(step, { params, state: first }, options),
      first,
      plan,
      flow,
    };
    return program;
  };
  if (known) build(known);
  const built = () => program ?? fail("input-unknown", { what: layer.name });
  return {
    push(given) {
      const { run, flow } = program ?? build(momentOf(given));
      const x = valueOf(given, flow);
      if (layer.check && x.isConcrete) layer.check(x.reshape([1, 1, ...x.shape]));
      return run.call(x);
    },
    reset(state) {
      if (!program && state === undefined) return;
      const { run, first, plan } = built();
      if (state !== undefined) checkState("live.reset", plan.state, state);
      run.write({ params, state: state ?? first });
    },
    get state() {
      return built().run.read().state;
    },
    explain: () => program?.run.explain() ?? "not compiled yet: push a moment first",
    get peakBytes() {
      return program?.run.peakBytes ?? 0;
    },
  };
}

/** The type of the first moment, where nothing else says it. */
function momentOf(x: Value): Flow {
  if (x instanceof Tensor) return { shape: x.shape, dtype: x.dtype, time: true };
  return { shape: typeof x === "number" ? [] : [x.length], dtype: "float32", time: true };
}

const refuse = (given: string, want: Type): never =>
  fail("shape-mismatch", { op: "live.push", given, expected: showType(want) });

/** @throws "shape-mismatch" */
export function valueOf(x: Value, want: Type): Tensor {
  const { shape, dtype } = want;
  if (x instanceof Tensor) {
    if (!sameShape(x.shape, shape) || x.dtype !== dtype) refuse(showType(x), want);
    return x;
  }
  const numbers = typeof x === "number" ? [x] : x;
  if (numbers.length !== sizeOf(shape)) refuse(`${numbers.length} numbers`, want);
  const data = allocate(dtype, numbers.length);
  for (let i = 0; i < numbers.length; i++) {
    data[i] = numbers[i];
    // Nothing is rounded silently: a symbol is a whole number.
    if (!isFloat(dtype) && data[i] !== Number(numbers[i])) refuse(`${numbers[i]}`, want);
  }
  return concrete(data, { shape, dtype }, "x");
}

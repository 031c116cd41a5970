/**
 * scan: one step, run through time. A step is a graph
 *   (state…, input…, param…) → (next state…, output…)
 * and scan gives back the final state, the outputs stacked over time, and the state that entered
 * each step; the compiler drops what nobody reads. The backward of a loop is a loop over the
 * backward of its step, in reverse: that is backpropagation through time, and it is this op's vjp
 * rule.
 */
import { fail } from "../errors.ts";
import { lettersOfRank } from "../ops/axes.ts";
import { filled, plus, recordMap } from "../ops/map.ts";
import { recordReshape } from "../ops/reshape.ts";
import { isFloat } from "../scalar/dtype.ts";
import { slot } from "../scalar/index.ts";
import { type Graph, inline, run, trace } from "../tensor/graph.ts";
import {
  type Maybe,
  type Node,
  type Op,
  record,
  sameShape,
  showType,
  sizeOf,
  Tensor,
  type Type,
} from "../tensor/tensor.ts";
import { batchWhere, repeat } from "../transform/batch.ts";
import { jvp } from "../transform/jvp.ts";
import { cotangents } from "../transform/vjp.ts";
import { flush } from "./flush.ts";

export interface Loop {
  readonly step: Graph;
  /**
   * How many of the step's inputs are state, and how many inputs over time; the rest are params.
   */
  readonly states: number;
  readonly inputs: number;
  readonly length: number;
  readonly reverse: boolean;
  /** Set by the compiler on a loop over chunks: the steps of each chunk, which its step runs. */
  readonly chunk?: number;
  /** Set by the compiler where a step runs loops again that were not kept: nothing leaves it. */
  readonly apart?: boolean;
}
export interface Scanned {
  final: Tensor[];
  outputs: Tensor[];
  entered: Tensor[];
}

/** Cut a list into groups of the given sizes and the rest. */
export function cut<T>(list: readonly T[], ...sizes: number[]): T[][] {
  let at = 0;
  return [...sizes.map((n) => list.slice(at, (at += n))), list.slice(at)];
}
/** [state, input, param] of a list in the order of the step's inputs. */
export const groups = <T>(loop: Loop, list: readonly T[]): T[][] =>
  cut(list, loop.states, loop.inputs);
/** [final, outputs, entered] of a list in the order of the op's outputs. */
export const results = <T>(loop: Loop, list: readonly T[]): T[][] =>
  cut(list, loop.states, loop.step.outputs.length - loop.states);

const stacked = (t: Type, length: number): Type => ({
  shape: [length, ...t.shape],
  dtype: t.dtype,
});
const typeOf = (t: Type): Type => ({ shape: t.shape, dtype: t.dtype });

/** Record a scan of a step that is already a graph. */
export function scanGraph(
  step: Graph,
  state: readonly Tensor[],
  inputs: readonly Tensor[],
  params: readonly Tensor[],
  { length, reverse = false, chunk }: { length: number; reverse?: boolean; chunk?: number },
): Scanned {
  const counts = { states: state.length, inputs: inputs.length };
  const loop: Loop = { step, ...counts, length, reverse, ...(chunk && { chunk }) };
  const [final, outputs, entered] = results(
    loop,
    record(scanOp, [...state, ...inputs, ...params], loop),
  );
  return { final, outputs, entered };
}

export const scanOp: Op<Loop> = {
  name: "scan",
  lower: "loop",

  shape(args, loop) {
    const { step, states, inputs, length } = loop;
    const same = (a: Type, b: Type) => sameShape(a.shape, b.shape) && a.dtype === b.dtype;
    step.inputs.slice(0, states).forEach((enters, k) => {
      const leaves = step.outputs[k];
      if (!same(leaves, enters))
        fail("state-shape", {
          op: "scan",
          name: enters.name ?? `${k}`,
          enters: showType(enters),
          leaves: showType(leaves),
        });
    });
    args.forEach((a, k) => {
      const want = step.inputs[k],
        over = k >= states && k < states + inputs;
      const expected = over ? stacked(want, length) : want;
      if (!same(a, expected))
        fail("shape-mismatch", {
          op: "scan",
          given: `${want.name ?? `input ${k}`} ${showType(a)}`,
          expected: showType(expected),
        });
    });
    const state = step.inputs.slice(0, states).map(typeOf);
    return [
      ...state,
      ...step.outputs.slice(states).map((t) => stacked(t, length)),
      ...state.map((t) => stacked(t, length)),
    ];
  },

  evaluate: (node, args) => stepThrough(node, args, (step, given) => run(step, given)),

  /** The tangent of a scan is a scan that carries the tangent beside the state. */
  jvp({ args, attrs: loop }, tangents) {
    const n = loop.step.inputs.length,
      both = jvp(loop.step);
    const [s, x, p] = groups(loop, both.inputs.slice(0, n)),
      [ds, dx, dp] = groups(loop, both.inputs.slice(n));
    const [dNext, dOut] = cut(both.outputs, loop.states);
    const step: Graph = {
      inputs: [...s, ...ds, ...x, ...dx, ...p, ...dp],
      outputs: [...loop.step.outputs.slice(0, loop.states), ...dNext, ...dOut],
    };
    const [S, X, P] = groups(loop, args),
      [dS, dX, dP] = groups(
        loop,
        args.map((a, k) => tangents[k] ?? filled(a)),
      );
    const { final, outputs, entered } = scanGraph(
      step,
      [...S, ...dS],
      [...X, ...dX],
      [...P, ...dP],
      loop,
    );
    return [...final.slice(loop.states), ...outputs, ...entered.slice(loop.states)];
  },

  /**
   * The cotangent of a scan is a scan run the other way, fed with the states that entered each
   * step. It carries the cotangent of the state, and sums those of the params; only floats have
   * one.
   */
  vjp(node, cts) {
    const loop = node.attrs,
      [state, input, param] = groups(loop, node.args);
    const float = <T extends Type>(ts: readonly T[]) => ts.filter((t) => isFloat(t.dtype));
    const [ctFinal, ctOutput, ctEntered] = results(loop, cts);
    const [, output, entered] = results(
      loop,
      node.outputs.map((_, k) => new Tensor(node, k)),
    );
    const orZeros = (t: Tensor, c: Maybe): Tensor => c ?? filled(t);
    const seenWanted = ctEntered.some((c) => c);
    const live = output.flatMap((y, k) => (ctOutput[k] && isFloat(y.dtype) ? [k] : []));
    const [s, x, p] = groups(loop, loop.step.inputs);
    const shown = live.map((k) => loop.step.outputs[loop.states + k]);
    const of = (ts: readonly Tensor[], what: string) => ts.map((t) => `${what} of ${t.name}`);
    const floatStates = state.flatMap((t, k) => (isFloat(t.dtype) ? [k] : []));

    const step = trace(
      [
        ...floatStates.map((k) => s[k]),
        ...float(p),
        ...(seenWanted ? float(s) : []),
        ...s,
        ...x,
        ...shown,
        ...p,
      ].map(typeOf),
      (...given) => {
        const [dNext, sums, seen, was, fed, dOut, par] = cut(
          given,
          floatStates.length,
          float(p).length,
          seenWanted ? floatStates.length : 0,
          s.length,
          x.length,
          live.length,
        );
        const arriving = dNext.map(flush);
        const seeds = loop.step.outputs.map((_, k) =>
          k < loop.states ? arriving[floatStates.indexOf(k)] : dOut[live.indexOf(k - loop.states)],
        );
        const found = cotangents(loop.step.outputs, seeds, loop.step.inputs);
        const outputs = found.map((c, k) => c ?? filled(loop.step.inputs[k]));
        const inside = inline({ inputs: loop.step.inputs, outputs }, [...was, ...fed, ...par]);
        const [dState, dInput, dParam] = groups(loop, inside);
        return [
          ...floatStates.map((k, i) => (seenWanted ? plus(dState[k], seen[i]) : dState[k])),
          ...sums.map((total, i) => plus(total, dParam[p.indexOf(float(p)[i])])),
          ...dInput.filter((t) => isFloat(t.dtype)),
        ];
      },
      [
        ...of(float(s), "cotangent"),
        ...of(float(p), "sum"),
        ...(seenWanted ? of(float(s), "cotangent entering") : []),
        ...loop.step.inputs.slice(0, loop.states + loop.inputs).map((t) => t.name),
        ...shown.map((_, k) => `cotangent of output ${live[k]}`),
        ...p.map((t) => t.name),
      ],
    );
    const walk = scanGraph(
      step,
      [
        ...floatStates.map((k) => orZeros(state[k], ctFinal[k])),
        ...float(param).map((t) => filled(t)),
      ],
      [
        ...(seenWanted ? floatStates.map((k) => orZeros(entered[k], ctEntered[k])) : []),
        ...entered,
        ...input,
        ...live.map((k) => ctOutput[k]!),
      ],
      param,
      { length: loop.length, reverse: !loop.reverse },
    );
    const [dFirst, dParam] = cut(walk.final, floatStates.length),
      dInput = [...walk.outputs];
    const place = (t: Tensor, next: Tensor[]): Maybe =>
      isFloat(t.dtype) ? next.shift() : undefined;
    const rest = [...dParam];
    return [
      ...state.map((t) => place(t, dFirst)),
      ...input.map((t) => place(t, dInput)),
      ...param.map((t) => place(t, rest)),
    ];
  },

  batch(node, args, batched, size) {
    const loop = node.attrs,
      flags = [...batched];
    if (loop.states === 0 && !groups(loop, flags)[2].includes(true))
      return inLine(loop, args, batched, size);
    for (let changed = true; changed; ) {
      // a state that becomes batched in the step enters it batched
      changed = false;
      batchWhere(loop.step, flags, size)
        .batched.slice(0, loop.states)
        .forEach((b, k) => {
          if (b && !flags[k]) changed = flags[k] = true;
        });
    }
    const { graph, batched: leaves } = batchWhere(loop.step, flags, size);
    const outputs0 = graph.outputs.map((t, k) =>
      (k < loop.states ? flags[k] : true) && !leaves[k] ? repeat(t, size) : t,
    );
    const step: Graph = { inputs: graph.inputs, outputs: outputs0 };
    const wide = (t: Tensor, k: number): Tensor => {
      if (k < loop.states) return flags[k] && !batched[k] ? repeat(t, size) : t;
      return k < loop.states + loop.inputs && batched[k] ? swapAxes(t) : t;
    };
    const [state, input, param] = groups(loop, args.map(wide));
    const { final, outputs, entered } = scanGraph(step, state, input, param, loop);
    const back = (t: Tensor, k: number): Tensor => (flags[k] ? t : repeat(t, size));
    return [
      ...final.map(back),
      ...outputs.map(swapAxes),
      ...entered.map((t, k) => (flags[k] ? swapAxes(t) : repeat(t, size))),
    ];
  },
};

/** Samples of a loop that carries nothing are further turns of it, one sample after the other. */
function inLine(
  loop: Loop,
  args: readonly Tensor[],
  batched: readonly boolean[],
  size: number,
): Tensor[] {
  const { length, step } = loop;
  const joined = (t: Tensor) => recordReshape(t, [size * length, ...t.shape.slice(2)]);
  const [, input, param] = groups(
    loop,
    args.map((t, k) => (k >= loop.inputs ? t : joined(batched[k] ? t : repeat(t, size)))),
  );
  const { outputs } = scanGraph(step, [], input, param, { ...loop, length: size * length });
  return outputs.map((t) => recordReshape(t, [size, length, ...t.shape.slice(1)]));
}

/**
 * The values of a scan, step by step.
 * @param runStep  gives the step's outputs for its inputs, at a time step
 */
export function stepThrough(
  { attrs: loop, outputs }: Node<Loop>,
  args: readonly Float64Array[],
  runStep: (step: Graph, given: readonly Float64Array[], time: number) => Float64Array[],
): Float64Array[] {
  const out = outputs.map((t) => new Float64Array(sizeOf(t.shape)));
  const [final, output, entered] = results(loop, out);
  const [first, input, param] = groups(loop, args);
  const slice = (a: Float64Array, t: number) =>
    a.subarray((t * a.length) / loop.length, ((t + 1) * a.length) / loop.length);
  let state = first;
  for (let i = 0; i < loop.length; i++) {
    const t = loop.reverse ? loop.length - 1 - i : i;
    entered.forEach((e, k) => slice(e, t).set(state[k]));
    const got = runStep(loop.step, [...state, ...input.map((x) => slice(x, t)), ...param], t);
    output.forEach((y, k) => slice(y, t).set(got[loop.states + k]));
    state = got.slice(0, loop.states);
  }
  final.forEach((f, k) => f.set(state[k]));
  return out;
}

/** The first two axes exchanged: batch and time. */
export function swapAxes(t: Tensor): Tensor {
  const letters = lettersOfRank(t.rank);
  return recordMap(`${letters}->ba${letters.slice(2)}`, slot(0), [t], { name: "swapAxes" });
}

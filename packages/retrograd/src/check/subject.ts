/**
 * What is checked, in one form: a model, a cell, or the step of a scan, with parameters and a few
 * short sequences. Floats are float64 wherever the step allows it, so that what differs by rounding
 * and what differs by mistake are far apart.
 */
import { type Bidirectional, isBidirectional } from "../cells/bidirectional.ts";
import type { Cell } from "../cells/cell.ts";
import { isCell } from "../cells/isCell.ts";
import { fail } from "../errors/training.ts";
import { RetrogradError } from "../errors.ts";
import type { TargetName } from "../jit/jit.ts";
import type { InitOptions, Model } from "../layers/model.ts";
import { inputOf, modelOf } from "../layers/model.ts";
import type { Live } from "../layers/stream.ts";
import { unroll } from "../layers/unroll.ts";
import { type Stepped, scan } from "../loops/scanTree.ts";
import * as random from "../ops/random.ts";
import { isFloat } from "../scalar/dtype.ts";
import { concrete, float64, Tensor, type Type } from "../tensor/tensor.ts";
import { flatten, mapTree } from "../tensor/tree.ts";
import type { Trainable } from "../train/method.ts";
import { traceTree } from "../transform/function.ts";

/** The step of a scan: one moment, as `scan` takes it. */
export type RawStep = (state: any, input: any, params: any) => Stepped<any, any>;
/** A model of layers, one's own model with `init`, `state` and `run`, a cell, or a step. */
export type Checkable = Trainable | Cell | Bidirectional | RawStep;

/** What it is checked with; whatever is missing is made up. */
export interface Given {
  /** Parameters; those that the model begins with. For a step those that scan would be given. */
  readonly params?: any;
  /** [batch, time, …], or for a step what scan would be given: [time, …]. Only a part is used. */
  readonly inputs?: any;
  /** For a step: the state before it. */
  readonly state?: any;
  /** One sample at one moment, where neither the model nor `inputs` says it; see model.init. */
  readonly input?: InitOptions["input"];
  /** Time steps that are looked at; 8. */
  readonly steps?: number;
  /** Sequences that are looked at; 3. */
  readonly rows?: number;
  /** Decides what is made up. */
  readonly seed?: number;
}

/** How a run is told to be. */
export interface Runs {
  readonly state?: any;
  /** int32 [batch] */
  readonly lengths?: Tensor;
  readonly key?: Tensor;
  readonly train?: boolean;
}

export interface Subject {
  readonly kind: "model" | "step";
  readonly name: string;
  readonly params: any;
  readonly inputs: any;
  readonly state: any;
  /** Sequences; undefined for a step, whose state has what axes it likes. */
  readonly rows: number | undefined;
  readonly time: number;
  /** Whether floats are float64. */
  readonly exact: boolean;
  /** Why a model needs a sequence as a whole; undefined where it claims to read forward only. */
  readonly wholeOnly: string | undefined;
  run(params: any, inputs: any, options?: Runs): { output: any; state: any };
  /** The state before the first moment. */
  first(params: any, rows: number): any;
  stream?(params: any, target: TargetName): Live;
}

/** @throws "bad-argument", "input-unknown" */
export function subjectOf(given: Checkable, options: Given = {}): Subject {
  if (typeof given === "function") return ofStep(given, options);
  if (isCell(given) || isBidirectional(given))
    return ofModel(modelOf(unroll(given as Cell)), options, given.name);
  const model = given as Partial<Trainable> | null | undefined;
  if (typeof model?.run !== "function" || typeof model.state !== "function")
    fail("bad-argument", {
      where: "check",
      given: typeof given === "object" ? "an object without run and state" : typeof given,
      expected: "a model, a cell, or a step: (state, input, params) => { state, output }",
    });
  return ofModel(given as Trainable, options, (given as { name?: string }).name ?? "the model");
}

function ofModel(model: Trainable, given: Given, name: string): Subject {
  const { steps = 8, rows = 3, seed = 0 } = given;
  const layer = model as Partial<Model>;
  const shown = given.inputs === undefined ? undefined : asTensor(given.inputs);
  const input = given.input ?? (shown && { shape: shown.shape.slice(2), dtype: shown.dtype });
  const params = given.params ?? model.init(random.key(seed), (input ? { input } : {}) as object);
  const type = shown ? undefined : typeOf(layer, params, input);
  const inputs = shown ? sample(shown, rows, steps) : madeUp(type!, rows, steps, seed);
  const [count, time] = inputs.shape;
  const run: Subject["run"] = (p, x, options = {}) => model.run(p, x, options as never);
  const subject = { kind: "model" as const, name, rows: count, time, run, state: undefined };
  const own: Omit<Subject, "params" | "inputs" | "exact"> = {
    ...subject,
    wholeOnly: layer.wholeOnly,
    first: (p, n) => model.state(p, n),
    ...(layer.stream && { stream: (p, target) => layer.stream!(p, { target }) }),
  };
  return exactly({ ...own, params, inputs, exact: false });
}

function ofStep(step: RawStep, given: Given): Subject {
  const { steps = 8, params, state } = given;
  if (given.inputs === undefined || state === undefined)
    fail("bad-argument", {
      where: "check of a step",
      given: given.inputs === undefined ? "no inputs" : "no state",
      expected: "what scan is given: check(step, { state, inputs, params })",
    });
  const inputs = mapTree(given.inputs, (t: Tensor) => t.slice([0, Math.min(steps, t.shape[0])]));
  return exactly({
    kind: "step",
    name: step.name || "the step",
    ...{ params, inputs, state, rows: undefined, wholeOnly: undefined, exact: false },
    time: flatten(inputs)[0].shape[0],
    first: () => state,
    run(p, xs, options = {}) {
      const ran = scan(step, options.state ?? state, xs, p);
      return { output: ran.outputs, state: ran.state };
    },
  });
}

const asTensor = (x: any): Tensor =>
  x instanceof Tensor
    ? x
    : fail("bad-argument", {
        where: "check: inputs",
        given: Array.isArray(x) ? "an array" : typeof x,
        expected: "a tensor [batch, time, …]: tensor(values)",
      });

const sample = (x: Tensor, rows: number, steps: number): Tensor =>
  x.slice([0, Math.min(rows, x.shape[0])], [0, Math.min(steps, x.shape[1])]);

function typeOf(layer: Partial<Model>, params: any, input: InitOptions["input"]): Type {
  const flow = layer.plan && inputOf(layer as Model, params, input ? { input } : {});
  return (
    flow ??
    fail("bad-argument", {
      where: "check",
      given: "a model that does not say what it reads",
      expected: "inputs [batch, time, …]: check(model, { inputs })",
    })
  );
}

/** Normal numbers; of whole numbers 0 and 1, which every table of symbols has. */
function madeUp({ shape, dtype }: Type, rows: number, steps: number, seed: number): Tensor {
  const size = [rows, steps, ...shape];
  if (isFloat(dtype))
    return random.normal(random.key(seed + 1), size, { dtype: dtype as "float32" });
  const draws = random.uniform(random.key(seed + 1), size).data;
  return concrete(
    Int32Array.from(draws, (x) => (x < 0.5 ? 0 : 1)),
    { shape: size, dtype },
  );
}

/** Floats as float64. */
const widened = (tree: any): any =>
  mapTree(tree, (t: Tensor) =>
    t.dtype === "float32" ? concrete(float64(t), { shape: t.shape, dtype: "float64" }, t.name) : t,
  );

/** The subject in float64, or as it is where its step holds numbers of float32. */
function exactly(subject: Subject): Subject {
  const { params, inputs, state } = subject;
  const wide = { ...subject, params: widened(params), inputs: widened(inputs) };
  const own: Subject =
    subject.kind === "step"
      ? { ...wide, exact: true, state: widened(state), ...rewound(subject, widened(state)) }
      : { ...wide, exact: true };
  try {
    traceTree((p, x) => own.run(p, x), [own.params, own.inputs]);
    return own;
  } catch (error) {
    // The step mixes what it is given with float32 of its own: then so do we.
    if (error instanceof RetrogradError) return subject;
    throw error;
  }
}

const rewound = (subject: Subject, first: any): Pick<Subject, "first" | "run"> => ({
  first: () => first,
  run: (p, x, options = {}) => subject.run(p, x, { ...options, state: options.state ?? first }),
});

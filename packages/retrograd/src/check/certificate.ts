/**
 * The gradient of a model, computed in ways that share as little as possible, on the model itself:
 * what training uses, and what must give the same. Central differences use no derivative rule at
 * all, so they say who is right.
 */
import { RetrogradError } from "../errors.ts";
import { workOf } from "../jit/work.ts";
import { filled } from "../ops/map.ts";
import { isFloat } from "../scalar/dtype.ts";
import type { Graph } from "../tensor/graph.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { orZeros } from "../transform/function.ts";
import { jvp } from "../transform/jvp.ts";
import { cotangents } from "../transform/vjp.ts";
import { blame } from "./blame.ts";
import { type Slope, slopeOf } from "./differences.ts";
import { checkpointed, unrolled } from "./loops.ts";
import { type Objective, objectiveOf, type Place } from "./objective.ts";
import { compiled, type Evaluator, evaluatorOf, type Numbers } from "./program.ts";
import { frozen } from "./stops.ts";
import { type Checkable, type Given, subjectOf } from "./subject.ts";
import { describeCertificate } from "./verdict.ts";

/** Whole gradients, in reverse mode. */
export const REVERSE = ["bptt", "checkpointed", "unrolled", "compiled"] as const;
export type Reverse = (typeof REVERSE)[number];
export type Way = Reverse | "forward" | "differences";

/** How far a way is from the derivative, and where it is furthest. */
export interface WayReport {
  readonly way: Way;
  /** |found − derivative| / size of the derivative at that place; 0 where it could not be run. */
  readonly relative: number;
  readonly where: string;
  readonly agrees: boolean;
  /** Why it could not be run. */
  readonly missing?: string;
}

export interface Certificate {
  readonly agrees: boolean;
  readonly ways: readonly WayReport[];
  /** The largest disagreement. */
  readonly worst: { readonly way: Way; readonly relative: number; readonly where: string };
  /** Largest disagreement of any way, by parameter and by time step. */
  readonly places: readonly { readonly name: string; readonly relative: number }[];
  /** Places where the loss has a kink: slopes differ on both sides, and these were judged beside it. */
  readonly kinks: readonly { readonly name: string; readonly jump: number }[];
  /** How much of the derivative stopGradient takes away, at the place where it takes most; or 0. */
  readonly stopped: { readonly relative: number; readonly where: string };
  /** The op whose rule is wrong, where one is. */
  readonly blamed: string | undefined;
  readonly sentence: string;
}

export interface CertifyOptions extends Given {
  /** One number of the output; without it a random weighted sum of outputs and last state. */
  readonly loss?: (output: any) => Tensor;
}

/** Largest disagreement that is rounding: derivative rules are exact, differences nearly so. */
const ALIKE = 1e-6;
/** Differences that are less sure than this decide nothing. */
const ROUGH = 1e-3;

/**
 * Whether six ways of computing a gradient agree on this model:
 *   bptt          the backward of the loop, as training uses it, op by op in float64
 *   checkpointed  loops of windows that are computed again on the way back
 *   unrolled      every step written out, no loop at all
 *   compiled      bptt as the compiler makes it
 *   forward       tangents carried along the loop
 *   differences   the loss alone, evaluated beside the point, extrapolated
 * at every parameter and every time step, each in a random direction of ±1; whole gradients are also
 * compared number by number.
 *   disagreement = |found − derivative| / ‖derivative‖ of the place
 * stopGradient is held fixed by the differences, so that a gradient that is stopped on purpose
 * agrees; where the loss has a kink (relu at 0, the maximum of equals) the place is judged at a
 * point beside it.
 *
 * @param model    a model, a cell, or the step of a scan
 * @param options  parameters and inputs, of which a small part is used
 * @throws "bad-argument", "input-unknown", and what tracing the model throws
 * Checked: derivative rules tampered with one at a time are found and named; relu at 0 is not.
 */
export function certify(model: Checkable, options: CertifyOptions = {}): Certificate {
  const objective = affordable(model, { rows: 2, steps: 6, ...options });
  const measure = new Measure(objective);
  let found = measure.at(objective.args);
  const kinks = found.places.filter(
    ({ slope, off }) => !slope.smooth && [...off.values()].every(isReal),
  );
  if (kinks.length > 0) {
    const beside = measure.at(nudged(objective));
    const places = found.places.map((own, k) => (kinks.includes(own) ? beside.places[k] : own));
    found = { ...found, places };
  }
  return describeCertificate({
    ways: found.ways,
    missing: measure.missing,
    places: found.places.map(({ place, slope, size }) => ({
      name: place.name,
      resolved: slope.error <= ROUGH * size,
    })),
    off: (way, k) => found.places[k].off.get(way) ?? 0,
    tolerance: (way, k) =>
      found.places[k].tolerance + (way === "compiled" ? objective.rounding : 0),
    kinks: kinks.map(({ place, slope }) => ({ name: place.name, jump: slope.kink })),
    stopped: measure.stopped,
    blame() {
      const long = unrolled(objective.graph);
      return blame(long, objective.args) ?? blame(long, nudged(objective));
    },
  });
}

/** Work of a loss above which a few steps must do. */
const HEAVY = 4e6;

function affordable(model: Checkable, options: CertifyOptions): Objective {
  const objective = objectiveOf(subjectOf(model, options), options.loss);
  if (workOf(objective.graph) < HEAVY) return objective;
  return objectiveOf(
    subjectOf(model, { ...options, steps: Math.min(4, options.steps!) }),
    options.loss,
  );
}

const isReal = (x: number): boolean => !Number.isNaN(x);

interface Measured {
  readonly ways: readonly Way[];
  readonly places: readonly {
    readonly place: Place;
    readonly off: ReadonlyMap<Way, number>;
    readonly tolerance: number;
    readonly slope: Slope;
    /** Size of the derivative, which disagreements are relative to. */
    readonly size: number;
  }[];
}

/** The ways, made ready once, and what they say at a point. */
class Measure {
  /** Why a way cannot be run. */
  readonly missing = new Map<Way, string>();
  stopped = { relative: 0, where: "" };
  readonly #objective: Objective;
  readonly #wrt: number[];
  readonly #reverse = new Map<Reverse, Evaluator>();
  #forward: Evaluator | undefined;
  readonly #value: Evaluator;

  constructor(objective: Objective) {
    const { graph, places } = objective;
    this.#objective = objective;
    this.#wrt = graph.inputs.flatMap((t, k) => (isFloat(t.dtype) ? [k] : []));
    const window = Math.ceil(Math.sqrt(Math.max(1, stepsOf(places))));
    const make: Record<Reverse, () => Evaluator> = {
      bptt: () => evaluatorOf(this.#gradient(graph)),
      checkpointed: () => evaluatorOf(this.#gradient(checkpointed(graph, window))),
      unrolled: () => evaluatorOf(this.#gradient(unrolled(graph))),
      compiled: () => compiled(this.#gradient(graph)),
    };
    for (const way of REVERSE) this.#try(way, () => this.#reverse.set(way, make[way]()));
    this.#try("forward", () => (this.#forward = evaluatorOf(jvp(graph), places.length)));
    this.#value = evaluatorOf(graph, 12 * places.length);
  }

  #try(way: Way, make: () => unknown): void {
    try {
      make();
    } catch (error) {
      if (!(error instanceof RetrogradError) || error.code !== "not-differentiable") throw error;
      this.missing.set(way, error.message.split("\n")[0]);
    }
  }

  #gradient(graph: Graph): Graph {
    const wrt = this.#wrt.map((k) => graph.inputs[k]);
    const [loss] = graph.outputs;
    return {
      inputs: graph.inputs,
      outputs: orZeros(cotangents([loss], [filled(loss, 1)], wrt), wrt),
    };
  }

  at(args: Numbers): Measured {
    const { graph, places } = this.#objective;
    const reverse = new Map([...this.#reverse].map(([way, f]) => [way, f(args)] as const));
    const rows = places.map((place) => this.#place(place, args, reverse));
    const largest = Math.max(...rows.map(({ size }) => size));
    const slope = this.#slopes(this.#value, args, rows, largest);
    let judged = rows.map((row, k) => this.#judge(row, slope[k], largest));
    const stops = judged.some(({ off, tolerance }) =>
      [...off.values()].some((x) => !(x <= tolerance)),
    )
      ? frozen(graph, args)
      : undefined;
    if (stops) {
      // The derivative that the gradient is meant to be: what is stopped does not move.
      const held = evaluatorOf(stops.graph, 12 * places.length);
      const free = slope;
      const own = this.#slopes((x) => held([...x, ...stops.values]), args, rows, largest);
      judged = rows.map((row, k) => this.#judge(row, own[k], largest));
      rows.forEach(({ place, size }, k) => {
        const relative = Math.abs(free[k].value - own[k].value) / Math.max(size, 1e-5 * largest);
        if (relative > Math.max(ALIKE, this.stopped.relative))
          this.stopped = { relative, where: place.name };
      });
    }
    return {
      ways: [
        ...this.#reverse.keys(),
        ...(this.#forward ? ["forward" as const] : []),
        "differences",
      ],
      places: judged,
    };
  }

  /** What every way but the differences says of one place, in a random direction. */
  #place(place: Place, args: Numbers, reverse: ReadonlyMap<Reverse, Numbers>): Row {
    const { graph } = this.#objective;
    const direction = directionOf(place, args);
    const values = new Map<Way, number>();
    const parts = new Map<Way, Float64Array>();
    for (const [way, gradient] of reverse) {
      const own = new Map([...place.parts].map(([k]) => [k, gradient[this.#wrt.indexOf(k)]]));
      values.set(way, sum(direction, own));
      parts.set(
        way,
        joined([...place.parts].map(([k, takes]) => own.get(k)!.filter((_, i) => takes(i)))),
      );
    }
    const tangents = graph.inputs.map((t, k) => direction.get(k) ?? new Float64Array(t.size));
    const forward = this.#forward?.([...args, ...tangents])[0][0];
    if (forward !== undefined) values.set("forward", forward);
    const norms = [...parts.values()].map(norm);
    const size = Math.max(0, ...norms, ...[...values.values()].map(Math.abs));
    return { place, direction, values, parts, size };
  }

  #slopes(value: Evaluator, args: Numbers, rows: readonly Row[], largest: number) {
    const [[at]] = value(args);
    return rows.map(({ direction, size }) => {
      const moved = (t: number) =>
        value(
          args.map((x, k) => {
            const d = direction.get(k);
            return d ? x.map((v, i) => v + t * d[i]) : x;
          }),
        )[0][0];
      return slopeOf(moved, at, Math.max(size, 1e-5 * largest));
    });
  }

  #judge(row: Row, slope: Slope, largest: number): Measured["places"][number] {
    const scale = Math.max(row.size, Math.abs(slope.value), 1e-5 * largest) || 1;
    const off = new Map<Way, number>();
    for (const [way, value] of row.values) off.set(way, Math.abs(value - slope.value) / scale);
    // Whole gradients, against the one that the differences confirm most closely.
    const base = [...row.parts.keys()].sort((a, b) => off.get(a)! - off.get(b)!)[0];
    if (base)
      for (const [way, part] of row.parts) {
        const right = row.parts.get(base)!;
        const apart = norm(part.map((x, i) => x - right[i]));
        off.set(way, Math.max(off.get(way)!, apart / scale));
      }
    const error = slope.error / scale;
    off.set("differences", error);
    return { place: row.place, off, slope, size: scale, tolerance: ALIKE + Math.min(error, ROUGH) };
  }
}

interface Row {
  readonly place: Place;
  readonly direction: ReadonlyMap<number, Float64Array>;
  readonly values: ReadonlyMap<Way, number>;
  /** The numbers of the gradient at this place. */
  readonly parts: ReadonlyMap<Way, Float64Array>;
  readonly size: number;
}

const stepsOf = (places: readonly Place[]): number =>
  places.filter(({ kind }) => kind === "step").length;

function joined(parts: readonly Float64Array[]): Float64Array {
  const out = new Float64Array(parts.reduce((n, { length }) => n + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

const norm = (x: Float64Array): number => Math.sqrt(x.reduce((sum, y) => sum + y * y, 0));

const sum = (
  direction: ReadonlyMap<number, Float64Array>,
  gradient: ReadonlyMap<number, Float64Array>,
): number => {
  let total = 0;
  for (const [k, d] of direction) d.forEach((x, i) => (total += x * gradient.get(k)![i]));
  return total;
};

/** ±1 for each number of a place, larger where the numbers are. */
function directionOf({ parts }: Place, args: Numbers): Map<number, Float64Array> {
  return new Map(
    [...parts].map(([k, takes]) => {
      const size = Math.max(1, Math.sqrt(args[k].reduce((s, x) => s + x * x, 0) / args[k].length));
      return [k, args[k].map((_, i) => (takes(i) ? size * signOf(k, i) : 0))];
    }),
  );
}

/** A fair sign that depends on its place alone. */
function signOf(k: number, i: number): number {
  let x = Math.imul(k + 1, 0x9e3779b1) ^ Math.imul(i + 1, 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
  return (x ^ (x >>> 13)) & 1 ? 1 : -1;
}

/** A point beside: where the loss has a kink it almost never has one there. */
function nudged({ graph, args }: Objective): Numbers {
  return args.map((x, k) => {
    if (!isFloat(graph.inputs[k].dtype)) return x;
    return x.map((v, i) => {
      const u = Math.sin(12.9898 * (i + 1) + 78.233 * (k + 1)) * 43758.5453;
      return v + 0.02 * (1 + Math.abs(v)) * (u - Math.floor(u) - 0.5);
    });
  });
}

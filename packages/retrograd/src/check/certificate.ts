/**
 * The gradient of a model, computed in ways that share as little as possible, on the model itself:
 * what training uses, and what must give the same. Central differences use no derivative rule at
 * all, so they say who is right.
 */
import { workOf } from "../jit/work.ts";
import { run } from "../tensor/graph.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { blame } from "./blame.ts";
import { nudged } from "./direction.ts";
import { unrolled } from "./loops.ts";
import { ALIKE, measure, ROUGH } from "./measure.ts";
import { type Objective, objectiveOf } from "./objective.ts";
import { type Checkable, type Given, subjectOf } from "./subject.ts";
import { type Certificate, describeCertificate, type Judged } from "./verdict.ts";
import { type Ways, waysOf } from "./ways.ts";

export interface CertifyOptions extends Given {
  /** One number of the output; without it a random weighted sum of outputs and last state. */
  readonly loss?: (output: any) => Tensor;
}

/**
 * Whether six ways of computing a gradient agree on this model:
 *   bptt          the backward of the loop, as training uses it, op by op in float64
 *   checkpointed  loops of windows that are computed again on the way back
 *   unrolled      every step written out, no loop at all
 *   compiled      bptt as the compiler makes it
 *   forward       tangents carried along the loop
 *   differences   the loss alone, evaluated beside the point, extrapolated
 * at every parameter and every time step, each in a random direction of ±1; whole gradients are
 * also compared number by number.
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
  const ways = waysOf(objective);
  const found = measure(objective, ways, objective.args);
  const kinks = found.rows.filter(({ slope, off }) => !slope.smooth && areNumbers(off.values()));
  const beside = kinks.length > 0 ? measure(objective, ways, nudged(objective)).rows : found.rows;
  const rows = found.rows.map((own, k) => (kinks.includes(own) ? beside[k] : own));
  const places = rows.map(
    ({ place, off, slope, size, tolerance }): Judged => ({
      name: place.name,
      resolved: slope.error <= ROUGH * size,
      off: (way) => off.get(way) ?? 0,
      tolerance: (way) => tolerance + (way === "compiled" ? objective.rounding : 0),
    }),
  );
  return describeCertificate({
    ways: [...ways.reverse.keys(), ...(ways.forward ? ["forward" as const] : []), "differences"],
    missing: ways.missing,
    places: [...places, theLoss(objective, ways)],
    kinks: kinks.map(({ place, slope }) => ({ name: place.name, jump: slope.kink })),
    stopped: found.stopped,
    blame() {
      const long = unrolled(objective.graph);
      return blame(long, objective.args) ?? blame(long, nudged(objective));
    },
  });
}

const areNumbers = (values: Iterable<number>): boolean =>
  [...values].every((x) => !Number.isNaN(x));

/** The loss itself, which differences may have from compiled code: op by op it must be the same. */
function theLoss({ graph, args, rounding }: Objective, { value }: Ways): Judged {
  const [[slow], [quick]] = [run(graph, args)[0], value(args)[0]];
  const relative = Math.abs(quick - slow) / Math.max(1e-2, Math.abs(slow));
  return {
    name: "the loss itself",
    resolved: true,
    off: (way) => (way === "compiled" ? relative : 0),
    tolerance: () => ALIKE + rounding,
  };
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

/**
 * Weights and units at work: numbers that are none, units that never move, gates that are always
 * open or shut. Nothing of it is a mistake of the model; all of it is a reason to train again.
 */

import { workOf } from "../jit/work.ts";
import { results } from "../loops/scan.ts";
import { mapOp } from "../ops/map.ts";
import { isFloat } from "../scalar/dtype.ts";
import type { Graph } from "../tensor/graph.ts";
import { topological } from "../tensor/graph.ts";
import { float64, type Node, Tensor } from "../tensor/tensor.ts";
import { flatten, leavesOf } from "../tensor/tree.ts";
import { traceTree } from "../transform/function.ts";
import { loopsOf, unrolled } from "./loops.ts";
import { evaluatorOf, type Numbers } from "./program.ts";
import { type Checkable, type Given, type Subject, subjectOf } from "./subject.ts";

/** Something worth to know, in a sentence. */
export interface HealthFinding {
  readonly code: "weights-not-finite" | "units-dead" | "gates-stuck";
  readonly severity: "fault" | "warning";
  readonly sentence: string;
  readonly cure: string;
}

/** How many of some units do something. */
export interface Units {
  readonly name: string;
  readonly units: number;
  /** Those that do nothing. */
  readonly idle: number;
}

export interface HealthReport {
  readonly findings: readonly HealthFinding[];
  readonly parameters: number;
  /** By state of each loop: units that never move. */
  readonly states: readonly Units[];
  /**
   * By logistic or tanh of a step, in the order of computation: units that are within 1 % of an
   * end of their range 19 times in 20.
   */
  readonly gates: readonly Units[];
}

/** Within so much of the ends of its range a gate lets almost no gradient through: σ' < 0.01. */
const END = 0.01;
/** So often a unit must be there to count. */
const OFTEN = 0.95;
/** Units that move by less than this part of the largest one are still. */
const STILL = 1e-6;

/**
 * Look at parameters, and at states and gates over some sequences.
 * @throws "bad-argument", "input-unknown"
 * Checked: units silenced and gates shut by their weights are counted.
 */
export function examine(model: Checkable, options: Given = {}): HealthReport {
  const { subject, graph } = affordable(model, { rows: 4, steps: 16, ...options });
  const weights = weighed(subject.params);
  if (weights.findings.length > 0) return weights;
  const args = flatten([subject.params, subject.inputs]).map(float64);
  const rows = subject.rows ?? 1;
  const states = statesOf(graph, args, rows);
  const gates = gatesOf(unrolled(graph), args, rows, flatten(subject.params).length);
  return { ...weights, findings: [...dead(states), ...stuck(gates)], states, gates };
}

/** The parameters alone, without running the model. */
export function weighed(params: any): HealthReport {
  const leaves = leavesOf<Tensor>(params);
  const parameters = leaves.reduce((n, [, t]) => n + t.size, 0);
  const bad = leaves.flatMap(([name, t]) => {
    const count = float64(t).filter((x) => !Number.isFinite(x)).length;
    return count > 0 ? [{ name, count, size: t.size }] : [];
  });
  const report = { parameters, states: [], gates: [] };
  if (bad.length === 0) return { ...report, findings: [] };
  const [{ name, count, size }, ...others] = bad;
  const more = others.length > 0 ? `, and numbers of ${others.length} more` : "";
  const sentence = `${count} of ${size} numbers of parameter "${name}" are NaN or infinite${more}.`;
  const finding = { code: "weights-not-finite", severity: "fault", sentence } as const;
  return { ...report, findings: [{ ...finding, cure: CURES.weights }] };
}

/** Work above which fewer steps of fewer sequences must do. */
const HEAVY = 1e7;

function affordable(model: Checkable, options: Given): { subject: Subject; graph: Graph } {
  const traced = (given: Given) => {
    const subject = subjectOf(model, given);
    const { graph } = traceTree((p, x) => subject.run(p, x), [subject.params, subject.inputs]);
    return { subject, graph };
  };
  const whole = traced(options);
  return workOf(whole.graph) < HEAVY ? whole : traced({ ...options, rows: 2, steps: 6 });
}

const CURES = {
  weights: "Go back to a checkpoint from before, with a smaller learning rate or clipping.",
  dead: "They add nothing: a smaller model would do, or a smaller learning rate, or tanh for relu.",
  stuck:
    "Almost no gradient passes them, so they no longer learn: smaller inputs (scale them), a smaller learning rate, or fewer epochs.",
};

/** Units of the state of every loop that is not within another one. */
function statesOf(graph: Graph, args: Numbers, rows: number): Units[] {
  const loops = loopsOf(graph);
  const shown = loops.flatMap((node, k) => {
    const all = node.outputs.map((_, i) => new Tensor(node, i));
    const [, , entered] = results(node.attrs, all);
    const of = loops.length > 1 ? `loop ${k}, ` : "";
    return entered.flatMap((t, i) =>
      isFloat(t.dtype) ? [{ t, name: `${of}state "${node.attrs.step.inputs[i].name ?? i}"` }] : [],
    );
  });
  if (shown.length === 0) return [];
  const values = evaluatorOf({ inputs: graph.inputs, outputs: shown.map(({ t }) => t) })(args);
  return shown.map(({ name, t }, k) => {
    const units = t.size / t.shape[0] / (t.shape[1] === rows ? rows : 1);
    const ranges = rangesOf([values[k]], units);
    const largest = Math.max(...ranges.map(({ low, high }) => high - low));
    const still = ranges.filter(({ low, high }) => !(high - low > STILL * largest)).length;
    return { name, units, idle: still };
  });
}

/**
 * Logistic and tanh of the steps, of what depends on the inputs: a rate that is a parameter may
 * well be near 1. The steps of a loop share the attributes of their ops.
 * @param params  how many inputs of the graph are parameters
 */
function gatesOf(graph: Graph, args: Numbers, rows: number, params: number): Units[] {
  const moving = new Set<Node>(graph.inputs.slice(params).map((t) => t.node));
  const values = new Map<Node, Numbers>(graph.inputs.map((t, k) => [t.node, [args[k]]]));
  const seen = new Map<unknown, { node: Node; found: Float64Array[] }>();
  for (const node of topological(graph.outputs)) {
    if (values.has(node)) continue;
    const given = node.args.map((a) => values.get(a.node)![a.output]);
    const out = node.op.evaluate(node, given);
    values.set(node, out);
    if (node.args.some((a) => moving.has(a.node))) moving.add(node);
    if (!squashing(node) || !moving.has(node)) continue;
    const own = seen.get(node.attrs) ?? { node, found: [] };
    own.found.push(out[0]);
    seen.set(node.attrs, own);
  }
  const gates = [...seen.values()].filter(({ found }) => found.length > 1);
  return gates.map(({ node, found }, k) => {
    const [{ shape }] = node.outputs;
    const units = found[0].length / (shape[0] === rows ? rows : 1);
    const kind = squashing(node)!;
    const margin = kind === "logistic" ? END : 2 * END;
    const floor = kind === "logistic" ? 0 : -1;
    const ends = new Float64Array(units);
    for (const array of found)
      array.forEach((x, i) => void (ends[i % units] += +(x < floor + margin || x > 1 - margin)));
    const values = (found.length * found[0].length) / units;
    const idle = ends.filter((times) => times >= OFTEN * values).length;
    const place = gates.slice(0, k + 1).filter((g) => squashing(g.node) === kind).length;
    return { name: `${kind} ${place}`, units, idle };
  });
}

function squashing({ op, attrs }: Node): "logistic" | "tanh" | undefined {
  if (op !== mapOp || attrs.body.kind !== "call") return undefined;
  const { name } = attrs.body.fn;
  return name === "logistic" || name === "tanh" ? name : undefined;
}

/** Least and largest value of each unit, the last axes of the arrays. */
function rangesOf(arrays: readonly Float64Array[], units: number) {
  const ranges = Array.from({ length: units }, () => ({ low: Infinity, high: -Infinity }));
  for (const array of arrays)
    array.forEach((x, i) => {
      const own = ranges[i % units];
      own.low = Math.min(own.low, x);
      own.high = Math.max(own.high, x);
    });
  return ranges;
}

/** With no unit that moves there is no memory. */
const dead = (states: readonly Units[]): HealthFinding[] =>
  states
    .filter(({ idle }) => idle > 0)
    .map(({ name, units, idle }) => ({
      ...{ code: "units-dead", cure: CURES.dead },
      severity: idle < units ? "warning" : "fault",
      sentence: `${idle} of ${units} units of ${name} never move.`,
    }));

const stuck = (gates: readonly Units[]): HealthFinding[] =>
  gates
    .filter(({ units, idle }) => idle > units / 2)
    .map(({ name, units, idle }) => ({
      ...{ code: "gates-stuck", severity: "warning", cure: CURES.stuck },
      sentence: `${idle} of ${units} units of ${name} in the step are wide open or shut almost always.`,
    }));

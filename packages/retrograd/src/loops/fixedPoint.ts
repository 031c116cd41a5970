/**
 * fixedPoint: a step repeated until nothing changes, z = f(z, θ), as a function of θ. How the point
 * was found does not matter to its derivative: the implicit function theorem gives it from one more
 * fixed point, of the linear equation
 *
 *   v = ȳ + (∂f/∂z)ᵀ v      θ̄ = (∂f/∂θ)ᵀ v
 *
 * so nothing is kept of the way there, and derivatives exist to every order.
 */
import { fail, loopMessages } from "../errors/loops.ts";
import { checkOptions, type Notice, notice, within } from "../errors.ts";
import { plus, recordEach } from "../ops/map.ts";
import { add, mul, slot } from "../scalar/index.ts";
import { close, type Graph, inline, run } from "../tensor/graph.ts";
import {
  apply,
  type Maybe,
  type Node,
  type Op,
  placeholder,
  record,
  Tensor,
} from "../tensor/tensor.ts";
import { flattenLike, groupOf, rebuild } from "../tensor/tree.ts";
import { batchWhere, repeat } from "../transform/batch.ts";
import { orZeros } from "../transform/function.ts";
import { tangents } from "../transform/jvp.ts";
import { cotangents } from "../transform/vjp.ts";
import { cut } from "./scan.ts";
import { checkState, named } from "./scanTree.ts";
import {
  anderson,
  checkSolver,
  type Limits,
  type Solver,
  solverGraph,
  toleranceOf,
} from "./solvers.ts";
import { spectralRadius } from "./spectral.ts";
import { floatOf } from "./vector.ts";

/**
 * How the linear equation of the way back is solved: exactly; not at all, v = ȳ; or by the first
 * terms of its series.
 */
export type Backward = Solver | "jacobian-free" | Phantom;
export interface Phantom {
  readonly kind: "phantom";
  readonly terms: number;
  readonly damping: number;
}

/**
 * The first terms of the series that the way back sums: v = λ Σ_{k < terms} (λ Jᵀ + (1 − λ) I)ᵏ ȳ.
 * @param damping  λ, of at most 1
 * Source: Geng et al. 2021, arXiv:2111.05177, eq. 9.
 */
export function phantom({
  terms = 5,
  damping = 1,
}: {
  terms?: number;
  damping?: number;
} = {}): Phantom {
  if (!(Number.isInteger(terms) && terms >= 1))
    fail("bad-argument", { where: "phantom: terms", given: `${terms}`, expected: "at least one" });
  if (!(damping > 0 && damping <= 1))
    fail("bad-argument", { where: "phantom: damping", given: `${damping}`, expected: "in (0, 1]" });
  return { kind: "phantom", terms, damping };
}

interface FixedPoint extends Limits {
  /** (state…, param…) → next state… */
  readonly step: Graph;
  readonly states: number;
  readonly solver: Solver;
  readonly backward: Backward;
  /** (start…, param…) → state…, steps, residual: what is compiled. */
  readonly graph: Graph;
}

/** (start…, param…) → the fixed point…, steps int32 [], residual []. */
export const fixedPointOp: Op<FixedPoint> = {
  name: "fixedPoint",
  lower: "call",
  shape: (_, { graph }) => graph.outputs.map(({ shape, dtype }) => ({ shape, dtype })),
  evaluate: ({ attrs: { graph } }, args) => run(graph, args),

  /** t = (∂f/∂z) t + (∂f/∂θ) θ̇, from the second term on. */
  jvp(node, given) {
    const { step, states, solver } = node.attrs;
    const at = solutionOf(node);
    const [z, p] = cut(step.inputs, states);
    const moves = p.map((t, k) => given[states + k] && placeholder(t, "tangent"));
    const push = tangents(
      step.outputs,
      p.map((t, k) => [t, moves[k]] as const),
    );
    if (push.every((t) => !t)) return node.outputs.map((): Maybe => undefined);
    const pushed = inline(
      { inputs: [...step.inputs, ...present(moves)], outputs: orZeros(push, z) },
      [...at, ...present(given.slice(states))],
    );
    const seeds = z.map((t) => placeholder(t, "tangent"));
    const along = tangents(
      step.outputs,
      z.map((t, k) => [t, seeds[k]] as const),
    );
    return [...linear(node, solver, seeds, along, pushed), undefined, undefined];
  },

  vjp(node, given) {
    const { step, states, backward } = node.attrs;
    const at = solutionOf(node);
    const z = step.inputs.slice(0, states);
    const ct = orZeros(given.slice(0, states), z);
    const seeds = z.map((t) => placeholder(t, "cotangent"));
    const [ofState, ofParams] = cut(cotangents(step.outputs, seeds, step.inputs), states);
    const there = present(ofParams);
    const v = back(node, backward, seeds, ofState, ct);
    const found = inline({ inputs: [...step.inputs, ...seeds], outputs: there }, [...at, ...v]);
    return [...z.map((): Maybe => undefined), ...ofParams.map((t): Maybe => t && found.shift())];
  },

  /** A batch is one system: its rows go on until the last of them is there. */
  batch({ attrs }, args, batched, size) {
    const { step, states } = attrs;
    const flags = step.inputs.map((_, k) => k < states || batched[k]);
    const wide = batchWhere(step, flags, size);
    const outputs = wide.graph.outputs.map((t, k) => (wide.batched[k] ? t : repeat(t, size)));
    const given = args.map((t, k) => (flags[k] && !batched[k] ? repeat(t, size) : t));
    const found = recorded(
      attrs,
      { ...attrs, step: { inputs: wide.graph.inputs, outputs } },
      given,
    );
    return found.map((t, k) => (k < states ? t : repeat(t, size)));
  },
};

const present = (list: readonly Maybe[]): Tensor[] => list.filter((t) => t !== undefined);

/** The solution of a node, and its parameters: what the step takes. */
const solutionOf = (node: Node<FixedPoint>): Tensor[] =>
  node.args.map((t, k) => (k < node.attrs.states ? new Tensor(node, k) : t));

type System = Pick<FixedPoint, "step" | "states" | "solver">;

function recorded(node: FixedPoint, system: System, args: readonly Tensor[]): Tensor[] {
  const { backward, tolerance, steps } = node;
  const attrs = { ...system, backward, tolerance, steps };
  return record(fixedPointOp, args, { ...attrs, graph: solverGraph(attrs) });
}

/**
 * The solution of u = A u + b, where A is the derivative of the step at its solution.
 * @param seeds  u, as placeholders
 * @param along  A u
 */
function linear(
  node: Node<FixedPoint>,
  solver: Solver,
  seeds: readonly Tensor[],
  along: readonly Maybe[],
  b: readonly Tensor[],
): Tensor[] {
  const { step, states } = node.attrs;
  const fixed = seeds.map((t) => placeholder(t, "constant"));
  const outputs = fixed.map((t, k) => (along[k] ? plus(along[k], t) : t));
  const system = {
    step: { inputs: [...seeds, ...fixed, ...step.inputs], outputs },
    states,
    solver,
  };
  return recorded(node.attrs, system, [...b, ...b, ...solutionOf(node)]).slice(0, states);
}

/** v of the way back. */
function back(
  node: Node<FixedPoint>,
  backward: Backward,
  seeds: readonly Tensor[],
  along: readonly Maybe[],
  ct: readonly Tensor[],
): readonly Tensor[] {
  if (backward === "jacobian-free") return ct;
  if (backward.kind !== "phantom") return linear(node, backward, seeds, along, ct);
  const { terms, damping } = backward;
  const { step } = node.attrs;
  const turned = { inputs: [...step.inputs, ...seeds], outputs: orZeros(along, seeds) };
  const mixed = add(mul(slot(0), damping), mul(slot(1), 1 - damping));
  let [term, total] = [ct.map((t) => scaled(t, damping)), ct.map((t) => scaled(t, damping))];
  for (let k = 1; k < terms; k++) {
    const through = inline(turned, [...solutionOf(node), ...term]);
    term = term.map((t, i) => recordEach("phantom", mixed, through[i], t));
    total = total.map((t, i) => plus(t, term[i]));
  }
  return total;
}

const scaled = (t: Tensor, by: number): Tensor => recordEach("scale", mul(slot(0), by), t);

export interface FixedPointOptions {
  /** How the point is found; Anderson's unless told. */
  readonly solver?: Solver;
  /** How the way back is solved; as the point is, unless told. */
  readonly backward?: Backward;
  /** Residual ‖f(z) − z‖ / ‖f(z)‖ at which it is found: 1e-10 in float64, 1e-5 in float32. */
  readonly tolerance?: number;
  /** At most so many evaluations of the step; 100. */
  readonly steps?: number;
  /** Told when all numbers are here and the point hardly attracts, or repels; console.warn. */
  readonly warn?: (notice: Notice) => void;
}

export interface Found<S> {
  readonly state: S;
  /** Evaluations of the step, int32. */
  readonly steps: Tensor;
  /** ‖f(z) − z‖ / ‖f(z)‖ at the end: above the tolerance where it was not found. */
  readonly residual: Tensor;
}

/**
 * The state that a step does not change.
 *
 * @param step    (state, params) → next state
 * @param start   tree of float tensors of one dtype: where the search begins
 * @param params  tree of tensors; what the step captures is a parameter too
 * @returns       a state z with f(z) = z, differentiable in the parameters and not in the start
 * @throws "not-converged" when all numbers are here and the residual is above the tolerance;
 *   "state-shape", "tree-mismatch", "dtype-mismatch", "bad-argument"
 * Source: Bai et al. 2019, arXiv:1909.01377, theorem 1.
 * Checked: gradients of HIPS/autograd through the loop; the loop unrolled 200 times; second order.
 */
export function fixedPoint<S, P = undefined>(
  step: (state: S, params: P) => S,
  start: S,
  params?: P,
  { solver = anderson(), backward = solver, steps = 100, ...rest }: FixedPointOptions = {},
): Found<S> {
  const { tolerance, warn = ({ text }) => console.warn(text), ...unknown } = rest;
  checkOptions("fixedPoint", unknown, ["solver", "backward", "tolerance", "steps", "warn"]);
  const first = named(start, "state", groupOf("state", "fixedPoint"));
  const shared = named(params, "params", groupOf("params", "fixedPoint"));
  const [one] = first;
  if (!one)
    fail("bad-argument", { where: "fixedPoint", given: "an empty state", expected: "floats" });
  const dtype = floatOf("fixedPoint", first);
  const limits = { tolerance: tolerance ?? toleranceOf(dtype), steps };
  checkSolver("fixedPoint", solver, limits);
  checkBackward(backward);
  const z = first.map(([name, t]) => placeholder(t, name));
  const p = shared.map(([name, t]) => placeholder(t, name));
  const next = within("the step of fixedPoint", () =>
    step(rebuild(start, z) as S, rebuild(params, p) as P),
  );
  const leaving = flattenLike(start, next, "the next state of fixedPoint");
  leaving.forEach((t, k) => checkState("fixedPoint", first[k], t));
  const { graph, captured } = close({ inputs: [...z, ...p], outputs: leaving });
  const system = { step: graph, states: z.length, solver, backward, ...limits };
  const args = [...first, ...shared].map(([, t]) => t);
  const attrs: FixedPoint = { ...system, graph: solverGraph(system) };
  const found = apply(fixedPointOp, [...args, ...captured], attrs);
  const [count, residual] = found.slice(z.length);
  const state = rebuild(start, found.slice(0, z.length)) as S;
  if (residual.isConcrete) {
    const radius = spectralRadius(step, state, params).item();
    if (!(residual.item() <= limits.tolerance))
      fail("not-converged", {
        ...{ solver: solver.kind, steps: count.item(), tolerance: limits.tolerance },
        ...{ residual: residual.item(), radius },
      });
    if (radius > NEAR) warn(notice(loopMessages, "weak-attraction", { radius }));
  }
  return { state, steps: count, residual };
}

function checkBackward(backward: Backward): void {
  const known =
    backward === "jacobian-free" ||
    (backward as Phantom)?.kind === "phantom" ||
    typeof (backward as Solver)?.next === "function";
  if (!known)
    fail("bad-argument", {
      where: "fixedPoint: backward",
      given: String(backward),
      expected: 'a solver, "jacobian-free" or phantom()',
    });
}

/** From this radius on a point attracts so weakly that 1e-5 takes more than 200 plain steps. */
const NEAR = 0.95;

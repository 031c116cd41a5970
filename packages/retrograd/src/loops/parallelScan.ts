/**
 * A loop through time by Newton's method over the whole trajectory: all states are guessed at once,
 * the step is linearised at each, and the linear recurrence that results is solved by an
 * associative scan. A few rounds replace T steps; each does more work than all of the steps, so it
 * can pay only where there are many lanes and few units.
 */
import { fail } from "../errors/loops.ts";
import { checkOptions, oneOf } from "../errors.ts";
import { concatenate } from "../ops/concatenate.ts";
import { arange, onesLike, zeros } from "../ops/creation.ts";
import { abs, and, equal, isFinite, less, where } from "../ops/elementwise.ts";
import { einsum } from "../ops/linear.ts";
import { max } from "../ops/reductions.ts";
import { reshape } from "../ops/reshape.ts";
import { part } from "../ops/slicing.ts";
import { stopGradient } from "../ops/stopGradient.ts";
import { inline, trace } from "../tensor/graph.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { flatten, flattenLike, groupOf, mapTree, rebuild } from "../tensor/tree.ts";
import { batch } from "../transform/batched.ts";
import { orZeros } from "../transform/function.ts";
import { jacobian } from "../transform/jacobian.ts";
import { tangents } from "../transform/jvp.ts";
import { alongUnits } from "../transform/unitwise.ts";
import { associativeScan } from "./associativeScan.ts";
import { checkValidity, held, maskOf } from "./mask.ts";
import { checkState, lengthOf, named, partsOf, type Step, scan } from "./scanTree.ts";
import { checkLimits, toleranceOf } from "./solvers.ts";
import { floatOf, joined, parts } from "./vector.ts";
import { whileLoop } from "./while.ts";

export interface ParallelScanOptions {
  /** "deer" (default) linearises with whole Jacobians, "quasi-deer" with their diagonals. */
  readonly method?: "deer" | "quasi-deer";
  /** Largest change of a state in the last round: 1e-10 in float64, 1e-5 in float32. */
  readonly tolerance?: number;
  /** At most so many rounds; one for each moment, which is enough, and one that sees no change. */
  readonly rounds?: number;
  /** Which moments are valid, bool [time]: elsewhere the state is held and the output is zero. */
  readonly mask?: Tensor;
}

/**
 * The same as `scan`, in few rounds over all moments instead of T steps.
 *
 *   hₜ' = f(hₜ₋₁, xₜ) + Jₜ (hₜ₋₁' − hₜ₋₁)      Jₜ = ∂f/∂h at hₜ₋₁
 *
 * Rounds converge quadratically with whole Jacobians, whose products cost T n³, and linearly with
 * diagonals, which cost T n. Where the step expands (chaos), products of Jacobians overflow. The
 * gradient is that of `scan`: one round more, with whole Jacobians, at the trajectory that was
 * found. It is exact to first order.
 *
 * On one core it does not pay. A GRU with random weights took 5 rounds (diagonals: 5 with 1 unit,
 * 15 with 64), however long the sequence, and yet longer than `scan` at every length from 256 to
 * 16,384: twice the time with 1 unit, 10 times with 4, 300 times with 16 and 1,000 times with 64
 * (`npm run bench -- deer`).
 *
 * @param step    (state, input, params) → { state, output }; the state is floats of one dtype
 * @param state   tree of tensors: the state before the first moment
 * @param inputs  tree of tensors [time, …]
 * @returns       as `scan`, with `rounds` and `change`, the largest change in the last of them:
 *                above the tolerance where the rounds were not enough
 * @throws "bad-argument"; "rounds-short" when all numbers are here and the rounds were not enough; what `scan` does
 * Source: Lim et al. 2023, arXiv:2309.12252; diagonals: Gonzalez et al. 2024, arXiv:2407.19115.
 * Checked: equal to `scan` to 1e-10 in float64, gradients too.
 */
export function parallelScan<S, X, P = undefined, Y = undefined>(
  step: Step<S, X, P, Y>,
  state: S,
  inputs: X,
  params?: P,
  { method = "deer", tolerance, rounds, mask, ...rest }: ParallelScanOptions = {},
): { state: S; outputs: Y; rounds: Tensor; change: Tensor } {
  checkOptions("parallelScan", rest, ["method", "tolerance", "rounds", "mask"]);
  oneOf("parallelScan: method", method, ["deer", "quasi-deer"]);
  const { moment, leaves, start, shown, dtype, split } = asVectors(
    ...([step, state, inputs, params, mask] as const),
  );
  checkValidity({ mask });
  const series = named(inputs, "input", groupOf("inputs", "parallelScan"));
  const time = lengthOf(series, { mask: maskOf({ mask }, 0) }, "parallelScan");
  const limits = {
    limit: tolerance ?? toleranceOf(dtype),
    most: rounds ?? time + 1,
  };
  if (time === 0)
    return {
      ...scan(step, state, inputs, params),
      rounds: tensor(0, { dtype: "int32" }),
      change: tensor(0, { dtype }),
    };
  checkLimits("parallelScan", { tolerance: limits.limit, rounds: limits.most });
  const move = (h: Tensor, at: typeof shown) => moment(h, at).h;
  const all = { move: batch(move), whole: batch(jacobian(move)) };
  const before = (H: Tensor) =>
    concatenate([reshape(start, [1, start.size]), part(H, 0, 0, time - 1)]);
  const slopes = batch((h: Tensor, at: typeof shown) =>
    ownSlopes((given) => leaves(given, at).next, flatten(split(h))),
  );
  const round = (H: Tensor): Tensor => {
    const last = before(H);
    const f = all.move(last, shown);
    return method === "deer"
      ? linear(all.whole(last, shown), f, last)
      : diagonal(slopes(last, shown), f, last);
  };
  const found = search(round, zeros([time, start.size], { dtype }), limits);
  // What differentiates is one round more, around the trajectory as a number.
  const last = before(stopGradient(found.H));
  const H = linear(all.whole(last, shown), all.move(last, shown), last);
  const { output } = batch(moment)(before(H), shown);
  const { rounds: count, change } = found;
  if (change.isConcrete && !(change.item() <= limits.limit))
    fail("rounds-short", {
      ...{ method, rounds: count.item(), change: change.item(), limit: limits.limit },
    });
  const end = reshape(part(H, 0, time - 1, 1), [start.size]);
  return { state: split(end), outputs: output as Y, rounds: count, change };
}

/** The step on vectors: its state joined, what is not valid held. */
function asVectors<S, X, P, Y>(
  step: Step<S, X, P, Y>,
  state: S,
  x: X,
  params: P | undefined,
  valid: Tensor | undefined,
) {
  const group = named(state, "state", groupOf("state", "parallelScan"));
  const types = flatten(state);
  const dtype = floatOf("parallelScan", group);
  const split = (h: Tensor): S => rebuild(state, parts(h, types)) as S;
  const shown = { x, valid };
  const leaves = (given: readonly Tensor[], at: typeof shown) => {
    const here = at.valid;
    const own = <T>(tree: T): T =>
      here ? (mapTree(tree, (t: Tensor) => held(here, t)) as T) : tree;
    const stepped = partsOf(step(rebuild(state, given) as S, own(at.x), params as P));
    const next = flattenLike(state, stepped.next, "the next state of parallelScan");
    next.forEach((t, k) => checkState("parallelScan", group[k], t));
    return {
      next: here ? next.map((t, k) => held(here, t, given[k])) : next,
      output: own(stepped.output),
    };
  };
  const moment = (h: Tensor, at: typeof shown) => {
    const { next, output } = leaves(parts(h, types), at);
    return { h: joined(next), output };
  };
  return { moment, leaves, start: joined(types), shown, dtype, split };
}

/** Rounds until nothing changes. A state that left the range begins anew from zero. */
function search(
  round: (H: Tensor) => Tensor,
  H: Tensor,
  { limit, most }: { limit: number; most: number },
): { H: Tensor; rounds: Tensor; change: Tensor } {
  const [count, never] = [tensor(0, { dtype: "int32" }), tensor(Infinity, { dtype: H.dtype })];
  return whileLoop(
    ({ rounds, change }) => and(less(rounds, most), less(limit, change)),
    ({ H: guess, rounds }) => {
      const next = round(guess);
      const kept = where(isFinite(next), next, 0);
      return { H: kept, rounds: rounds.add(1), change: max(abs(kept.sub(guess))) };
    },
    { H, rounds: count, change: never },
  );
}

/** hₜ = Jₜ hₜ₋₁ + bₜ with b = f − J h̄, for J [time, n, n]; the first is f₀. */
function linear(J: Tensor, f: Tensor, last: Tensor): Tensor {
  const b = f.sub(einsum("tij,tj->ti", J, last));
  const elements = { J: firstIs(J, zeros([], { dtype: J.dtype })), b: firstIs(b, f) };
  return associativeScan(
    (p: typeof elements, q) => ({
      J: einsum("ij,jk->ik", q.J, p.J),
      b: einsum("ij,j->i", q.J, p.b).add(q.b),
    }),
    elements,
  ).b;
}

/** The same for diagonals d [time, n]. */
function diagonal(d: Tensor, f: Tensor, last: Tensor): Tensor {
  const b = f.sub(d.mul(last));
  const elements = { d: firstIs(d, zeros([], { dtype: d.dtype })), b: firstIs(b, f) };
  return associativeScan(
    (p: typeof elements, q) => ({ d: q.d.mul(p.d), b: q.d.mul(p.b).add(q.b) }),
    elements,
  ).b;
}

/** x with the first moment of `other`. */
function firstIs(x: Tensor, other: Tensor): Tensor {
  const time = x.shape[0];
  const isFirst = equal(arange(time, undefined, undefined, { dtype: "int32" }), 0);
  return where(reshape(isFirst, [time, ...x.shape.slice(1).map(() => 1)]), other, x);
}

/**
 * ∂fᵢ/∂hᵢ of every leaf of the state, unit by unit, where the step's graph tells units apart; what
 * units of one leaf do to those of another is left out.
 */
function ownSlopes(f: (leaves: readonly Tensor[]) => readonly Tensor[], given: readonly Tensor[]) {
  const graph = trace(given, (...leaves) => f(leaves));
  const slopes = given.map((leaf, k) => {
    const along = alongUnits(graph, [graph.inputs[k]], leaf.shape.at(-1) ?? 1, "diagonal");
    if (typeof along === "string") return zeros(leaf.shape, { dtype: leaf.dtype });
    const { copies, graph: own } = along;
    const [found] = orZeros(tangents([own.outputs[k]], [[copies[0], onesLike(leaf)]]), [leaf]);
    return inline({ inputs: own.inputs, outputs: [found] }, [...given, leaf])[0];
  });
  return joined(slopes);
}

/**
 * Ways to a fixed point z = f(z), each as what it remembers and what it tries next. The state is
 * one vector here, whatever tree it is for the user.
 */
import { fail } from "../errors.ts";
import { arange, zeros } from "../ops/creation.ts";
import { and, equal, less, notEqual, where } from "../ops/elementwise.ts";
import { dot, einsum } from "../ops/linear.ts";
import { norm } from "../ops/reductions.ts";
import { reshape } from "../ops/reshape.ts";
import { solve } from "../ops/solve.ts";
import type { DType } from "../scalar/dtype.ts";
import { type Graph, inline, trace } from "../tensor/graph.ts";
import { sizeOf, type Tensor, tensor } from "../tensor/tensor.ts";
import { joined, parts } from "./vector.ts";
import { whileLoop } from "./while.ts";

export interface Solver {
  readonly kind: "picard" | "anderson" | "broyden";
  /** What is remembered of a state of `size` numbers before the first step. */
  memory(size: number, dtype: DType): readonly Tensor[];
  /**
   * The next point to try.
   * @param z     the point, [size]
   * @param f     the step's value there
   * @param k     evaluations so far, int32
   */
  next(z: Tensor, f: Tensor, memory: readonly Tensor[], k: Tensor): Try;
}
interface Try {
  readonly z: Tensor;
  readonly memory: readonly Tensor[];
}

export interface Limits {
  readonly tolerance: number;
  readonly steps: number;
}

const whole = (where: string, value: number): number =>
  Number.isInteger(value) && value >= 1
    ? value
    : fail("bad-argument", { where, given: String(value), expected: "a whole number ≥ 1" });

/** @throws "bad-argument" */
export function checkSolver(where: string, solver: Solver, { tolerance, steps }: Limits): void {
  if (typeof solver?.next !== "function")
    fail("bad-argument", {
      where: `${where}: solver`,
      given: String(solver),
      expected: "picard(), anderson() or broyden()",
    });
  checkLimits(where, { tolerance, steps });
}

/** How near is near enough, where nobody says: some roundings above what a dtype can tell apart. */
export const toleranceOf = (dtype: DType): number => (dtype === "float64" ? 1e-10 : 1e-5);

/** A tolerance, and how often something is tried at most. @throws "bad-argument" */
export function checkLimits(
  where: string,
  { tolerance, ...most }: { readonly tolerance: number } & Readonly<Record<string, number>>,
): void {
  for (const [name, count] of Object.entries(most)) whole(`${where}: ${name}`, count);
  if (!(tolerance > 0))
    fail("bad-argument", {
      where: `${where}: tolerance`,
      given: String(tolerance),
      expected: "a number above 0",
    });
}

const checkDamping = (where: string, damping: number): number =>
  damping > 0 && damping <= 1
    ? damping
    : fail("bad-argument", { where, given: String(damping), expected: "a number in (0, 1]" });

/**
 * Picard's iteration, z' = (1 − β) z + β f(z): it converges as fast as the spectral radius shrinks.
 * @param damping  β
 */
export function picard({ damping = 1 }: { damping?: number } = {}): Solver {
  checkDamping("picard: damping", damping);
  const next = (z: Tensor, f: Tensor) =>
    damping === 1 ? f : f.mul(damping).add(z.mul(1 - damping));
  return { kind: "picard", memory: () => [], next: (z, f) => ({ z: next(z, f), memory: [] }) };
}

/**
 * Anderson's acceleration: the combination of the last points whose residual would be least, were
 * the step linear.
 *   α = argmin ‖Σ αᵢ (fᵢ − zᵢ)‖, Σ αᵢ = 1      z' = Σ αᵢ (β fᵢ + (1 − β) zᵢ)
 * @param memory   how many points
 * @param damping  β
 * Source: Walker and Ni 2011, doi:10.1137/10078356X, algorithm AA.
 */
export function anderson({
  memory = 5,
  damping = 1,
}: {
  memory?: number;
  damping?: number;
} = {}): Solver {
  const m = whole("anderson: memory", memory);
  checkDamping("anderson: damping", damping);
  return {
    kind: "anderson",
    memory: (size, dtype) => [
      zeros([m, size], { dtype }),
      zeros([m, size], { dtype }),
      tensor(0, { dtype: "int32" }),
    ],
    next(z, f, [points, residuals, row], k) {
      const rows = arange(m, undefined, undefined, { dtype: "int32" });
      const here = reshape(equal(rows, row), [m, 1]);
      const Z = where(here, z, points);
      const G = where(here, f.sub(z), residuals);
      const used = less(rows, k);
      const both = and(reshape(used, [m, 1]), reshape(used, [1, m]));
      const same = reshape(equal(reshape(rows, [m, 1]), rows), [m, m]);
      const products = einsum("is,js->ij", G, G);
      const scale = where(same, products, 0).max();
      const ridge = z.dtype === "float64" ? 1e-15 : 1e-7;
      const one = where(same, where(both, scale.mul(ridge), scale), 0);
      const weights = solve(where(both, products, 0).add(one), where(used, scale, 0));
      const alpha = weights.div(weights.sum());
      return {
        z: dot(alpha, Z.add(G.mul(damping))),
        memory: [Z, G, where(equal(row, m - 1), 0, row.add(1))],
      };
    },
  };
}

/**
 * Broyden's (good) method on f(z) − z = 0: an approximation of the inverse Jacobian that each step
 * corrects by a matrix of rank one, begun anew when the memory is full.
 *   B = −I + Uᵀ V      z' = z − B g      u = (δ − B γ) / (δᵀ B γ), v = Bᵀ δ
 * @param memory  how many corrections
 * Source: Broyden 1965, doi:10.1090/S0025-5718-1965-0198670-6; in this form Bai et al. 2019,
 * arXiv:1909.01377, appendix A.
 */
export function broyden({ memory = 20 }: { memory?: number } = {}): Solver {
  const m = whole("broyden: memory", memory);
  return {
    kind: "broyden",
    memory: (size, dtype) => [
      ...[0, 1].map(() => zeros([m, size], { dtype })),
      ...[0, 1].map(() => zeros([size], { dtype })),
      tensor(0, { dtype: "int32" }),
    ],
    next(z, f, [U, V, moved, before, row], k) {
      const g = f.sub(z);
      const change = g.sub(before);
      const times = (x: Tensor) => dot(dot(V, x), U).sub(x);
      const inverse = times(change);
      const v = dot(dot(U, moved), V).sub(moved);
      const scale = dot(v, change);
      const worth = and(less(1, k), notEqual(scale, 0));
      const full = equal(row, m);
      const at = where(full, 0, row);
      const here = reshape(
        and(equal(arange(m, undefined, undefined, { dtype: "int32" }), at), worth),
        [m, 1],
      );
      const u = moved.sub(inverse).div(where(worth, scale, 1));
      const kept = (old: Tensor, fresh: Tensor) => where(here, fresh, where(full, 0, old));
      const [nextU, nextV] = [kept(U, u), kept(V, v)];
      const step = g.sub(dot(dot(nextV, g), nextU));
      return {
        z: z.add(step),
        memory: [nextU, nextV, step, g, where(worth, at.add(1), row)],
      };
    },
  };
}

/** (start…, param…) → state…, evaluations, residual: the search as a graph. */
export function solverGraph(
  system: Limits & { readonly step: Graph; readonly states: number; readonly solver: Solver },
): Graph {
  const { step, states, solver, tolerance, steps } = system;
  const types = step.inputs.slice(0, states);
  return trace(step.inputs, (...given) => {
    const params = given.slice(states);
    const f = (z: Tensor) => joined(inline(step, [...parts(z, types), ...params]));
    const start = joined(given.slice(0, states));
    const { shape, dtype } = start;
    const first = {
      ...{ z: start, f: f(start), k: tensor(1, { dtype: "int32" }) },
      memory: solver.memory(sizeOf(shape), dtype),
    };
    const found = whileLoop(
      ({ z, f, k }) => and(less(k, steps), less(tolerance, residualOf(z, f))),
      ({ z, f: value, k, memory }) => {
        const next = solver.next(z, value, memory, k);
        return { z: next.z, f: f(next.z), k: k.add(1), memory: next.memory };
      },
      first,
    );
    return [...parts(found.z, types), found.k, residualOf(found.z, found.f)];
  });
}

/** ‖f − z‖ / ‖f‖; NaN where a number is none. */
function residualOf(z: Tensor, f: Tensor): Tensor {
  const size = norm(f);
  return norm(f.sub(z)).div(where(equal(size, 0), 1, size));
}

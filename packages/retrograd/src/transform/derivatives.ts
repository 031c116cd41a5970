/**
 * Derivatives of functions of trees, as users ask for them. Each one traces the function, rewrites
 * its graph, and calls the result; within another trace it becomes part of it, so they nest.
 */
import { fail } from "../errors.ts";
import { filled } from "../ops/map.ts";
import { isFloat } from "../scalar/dtype.ts";
import { Bindings, substitute } from "../tensor/graph.ts";
import { sameShape, showType, type Tensor } from "../tensor/tensor.ts";
import { flatten, flattenArguments, flattenLike, paths, rebuild } from "../tensor/tree.ts";
import { callGraph, isReady, orZeros, traceTree } from "./function.ts";
import { jvp as jvpOfGraph } from "./jvp.ts";
import { cotangents, vjp as vjpOfGraph } from "./vjp.ts";

type Argnums = number | readonly number[];
/** The tree of the argument, or an array of them where several were asked for. */
export type GradientOf<A extends unknown[], N extends Argnums> = N extends number
  ? A[N]
  : { -readonly [K in keyof N]: N[K] extends number ? A[N[K]] : never };

export interface GradientOptions<N extends Argnums = Argnums> {
  /** Arguments to differentiate by, counted from 0; the first one unless told. */
  argnums?: N;
  /** The function returns [value, anything else]: the rest is handed on as it is. */
  hasAux?: boolean;
}

/**
 * Gradient of a function that returns one number.
 * @param f        (…trees) → number [], float32 or float64
 * @param argnums  which arguments to differentiate by: 0, or an array of places
 * @returns        function of the same arguments; gives trees like those arguments
 * @throws "not-scalar", "not-differentiable"
 */
export function grad<A extends any[]>(f: (...args: A) => Tensor): (...args: A) => A[0];
export function grad<A extends any[], const N extends Argnums>(
  f: (...args: A) => Tensor,
  argnums: N,
): (...args: A) => GradientOf<A, N>;
export function grad(f: (...args: any[]) => Tensor, argnums: Argnums = 0) {
  const both = valueAndGrad(f, { argnums });
  return (...args: any[]) => both(...args)[1];
}

/**
 * Value and gradient in one pass.
 * @returns  function → [value, gradient]; with `hasAux` [[value, aux], gradient]
 * @throws "not-scalar", "not-differentiable", "bad-argument"
 */
export function valueAndGrad<A extends any[], const N extends Argnums = 0, R = Tensor>(
  f: (...args: A) => R,
  { argnums = 0 as N, hasAux = false }: GradientOptions<N> = {},
): (...args: A) => [value: R, gradient: GradientOf<A, N>] {
  const places: readonly number[] = typeof argnums === "number" ? [argnums] : argnums;
  return (...args) => {
    for (const k of places)
      if (!(k in args))
        fail("bad-argument", {
          where: "grad",
          given: `argnums ${k} with ${args.length} arguments`,
          expected: `a place from 0 to ${args.length - 1}`,
        });
    const { graph, result } = traceTree(f, args, "grad");
    const loss = scalarOf(hasAux ? (result as unknown[])[0] : result);
    const chosen = args.flatMap((arg, k) => flatten(arg).map(() => places.includes(k)));
    const wrt = graph.inputs.filter((_, i) => chosen[i]);
    const found = orZeros(cotangents([loss], [filled(loss, 1)], wrt), wrt);
    const out = callGraph({ ...graph, outputs: [...graph.outputs, ...found] }, flatten(args));
    const gradients = out.slice(graph.outputs.length);
    const trees = new Map<number, unknown>();
    args.forEach((arg, k) => {
      if (!places.includes(k)) return;
      trees.set(k, rebuild(arg, gradients.splice(0, flatten(arg).length)));
    });
    const gradient =
      typeof argnums === "number" ? trees.get(argnums) : argnums.map((k) => trees.get(k));
    return [rebuild(result, out) as R, gradient as GradientOf<A, N>];
  };
}

/** The one number that can be differentiated. @throws "not-scalar", "dtype-mismatch" */
function scalarOf(value: unknown): Tensor {
  const leaves = value === undefined ? [] : flatten(value);
  if (leaves.length !== 1 || leaves[0].size !== 1)
    fail("not-scalar", { where: "grad", given: leaves.map(String).join(", ") || "no tensor" });
  if (!isFloat(leaves[0].dtype))
    fail("dtype-mismatch", {
      op: "grad",
      given: leaves[0].describe(),
      expected: "a float32 or float64 number",
    });
  return leaves[0];
}

/**
 * Value, and the function that sends cotangents back: u ↦ Jᵀ u.
 * @returns  [y, pullback]; pullback takes a tree like y and gives one tree per primal (in an array)
 * @throws "tree-mismatch", "shape-mismatch", "not-differentiable"
 */
export function vjp<A extends any[], Y>(
  f: (...args: A) => Y,
  ...primals: A
): [y: Y, pullback: (cotangent: Y) => A] {
  const { graph, result } = traceTree(f, primals, "vjp");
  const leaves = flatten(primals);
  const ready = isReady(graph, leaves);
  const inlined = new Bindings(graph.inputs.map((t, i) => [t, leaves[i]] as const));
  const y = ready ? callGraph(graph, leaves) : substitute(graph.outputs, inlined);
  const pullback = (cotangent: Y): A => {
    const back = vjpOfGraph(graph);
    const seeds = sameTypes(result, cotangent, "the cotangent");
    if (ready) return rebuild(primals, callGraph(back, [...leaves, ...seeds])) as A;
    // Within a trace the pullback reads the values that y was made of instead of copying them.
    back.inputs.slice(leaves.length).forEach((t, i) => inlined.set(t, seeds[i]));
    return rebuild(primals, substitute(back.outputs, inlined)) as A;
  };
  return [rebuild(result, y) as Y, pullback];
}

/**
 * Value and directional derivative: v ↦ J v.
 * @param primals   the arguments, in an array
 * @param tangents  a tree like each argument, in an array
 * @returns         [y, dy], trees alike
 * @throws "tree-mismatch", "shape-mismatch", "bad-argument"
 */
export function jvp<A extends any[], Y>(
  f: (...args: A) => Y,
  primals: readonly [...A],
  tangents: readonly [...A],
): [y: Y, dy: Y] {
  if (!Array.isArray(primals) || !Array.isArray(tangents))
    fail("bad-argument", {
      where: "jvp",
      given: `${Array.isArray(primals) ? "tangents" : "arguments"} outside a list`,
      expected: "lists: jvp(f, [x], [dx])",
    });
  const { graph, result } = traceTree(f, primals, "jvp");
  flattenArguments(tangents, "jvp", "tangent");
  const seeds = sameTypes(primals, tangents, "the tangents");
  const forward = jvpOfGraph(graph);
  const both = { inputs: forward.inputs, outputs: [...graph.outputs, ...forward.outputs] };
  const out = callGraph(both, [...flatten(primals), ...seeds]);
  const n = graph.outputs.length;
  return [rebuild(result, out.slice(0, n)) as Y, rebuild(result, out.slice(n)) as Y];
}

/** The leaves of `given`, which must be like `like` in structure, shapes and dtypes. */
export function sameTypes(like: unknown, given: unknown, where: string): Tensor[] {
  const want = flatten(like);
  const names = paths(like);
  return flattenLike(like, given, where).map((t, i) => {
    if (!sameShape(t.shape, want[i].shape) || t.dtype !== want[i].dtype)
      fail("shape-mismatch", {
        op: names[i] ? `${where}, ${names[i]}` : where,
        given: showType(t),
        expected: showType(want[i]),
      });
    return t;
  });
}

/**
 * Derivatives held against each other: ⟨v, J u⟩ by central differences, by jvp and by vjp, in float64.
 * Three independent ways must give one number, whatever the graph; a graph made by vjp or jvp is a
 * graph too, so the same check covers every order.
 */
import { expect } from "vitest";
import { isFloat } from "../src/scalar/dtype.ts";
import { type Graph, run } from "../src/tensor/graph.ts";
import { sizeOf, type Type } from "../src/tensor/tensor.ts";
import { jvp } from "../src/transform/jvp.ts";
import { vjp } from "../src/transform/vjp.ts";

/** Deterministic numbers in (-0.5, 0.5): a failing test must fail the same way twice. */
export function numbers(seed: number): (size: number) => Float64Array {
  let x = ((seed * 7919) % 2147483646) + 1;
  const next = () => (x = (x * 16807) % 2147483647) / 2147483647 - 0.5;
  for (let i = 0; i < 3; i++) next();
  return (size) => Float64Array.from({ length: size }, next);
}

/** Numbers of a type: floats in (-0.5, 0.5), integers from 0 to 4, bools. */
export function valuesOf(type: Type, draw: (size: number) => Float64Array): Float64Array {
  const x = draw(sizeOf(type.shape));
  if (isFloat(type.dtype)) return x;
  return x.map((v) => (type.dtype === "bool" ? +(v > 0) : Math.floor((v + 0.5) * 5)));
}

/** A direction: random along floats, nothing along integers and bools. */
const direction = (type: Type, draw: (size: number) => Float64Array): Float64Array =>
  isFloat(type.dtype) ? valuesOf(type, draw) : new Float64Array(sizeOf(type.shape));

const product = (a: readonly Float64Array[], b: readonly Float64Array[]): number =>
  a.reduce((sum, x, k) => x.reduce((s, y, i) => (b[k][i] === 0 ? s : s + y * b[k][i]), sum), 0);

/** ⟨v, J u⟩ three ways, in one random direction each, at random arguments or at the given ones. */
export function directional(graph: Graph, seed = 1, at?: readonly Float64Array[]) {
  const draw = numbers(seed);
  const args = at ?? graph.inputs.map((t) => valuesOf(t, draw));
  const u = graph.inputs.map((t) => direction(t, draw));
  const v = graph.outputs.map((t) => direction(t, draw));
  const h = 1e-5;
  const move = (by: number) =>
    run(
      graph,
      args.map((a, k) => a.map((x, i) => x + by * u[k][i])),
    );
  const [above, below] = [move(h), move(-h)];
  const numeric = above.map((p, k) => p.map((x, i) => (x - below[k][i]) / (2 * h)));
  return {
    differences: product(numeric, v),
    forward: product(run(jvp(graph), [...args, ...u]), v),
    reverse: product(run(vjp(graph), [...args, ...v]), u),
  };
}

/** Expect the three to agree, relative to their size; `order` 2 also checks vjp(graph) and jvp(graph). */
export function expectDerivatives(
  graph: Graph,
  { seed = 1, order = 1, at }: { seed?: number; order?: number; at?: readonly Float64Array[] } = {},
): void {
  const { differences, forward, reverse } = directional(graph, seed, at);
  const scale = Math.max(1, Math.abs(forward));
  expect(forward / scale).toBeCloseTo(differences / scale, 6);
  expect(reverse / scale).toBeCloseTo(forward / scale, 10);
  if (order < 2) return;
  const draw = numbers(seed + 1);
  for (const derived of [vjp(graph), jvp(graph)]) {
    const rest = derived.inputs.slice(graph.inputs.length).map((t) => direction(t, draw));
    expectDerivatives(derived, { seed, order: order - 1, at: at && [...at, ...rest] });
  }
}

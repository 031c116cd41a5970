/** Fixed points: their values, and gradients that know nothing of the way there. */
import { readFileSync } from "node:fs";
import {
  anderson,
  batch,
  broyden,
  fixedPoint,
  grad,
  jacobian,
  jacobianPenalty,
  jit,
  phantom,
  picard,
  random,
  scan,
  spectralRadius,
  type Tensor,
  tensor,
  valueAndGrad,
} from "retrograd";
import { describe, expect, test } from "vitest";
import { trace } from "../../src/tensor/graph.ts";
import { flatten } from "../../src/tensor/tree.ts";
import { expectDerivatives } from "../derivatives.ts";

const load = (values: unknown): Tensor => tensor(values as number[], { dtype: "float64" });
const file = new URL("../oracles/autograd/equilibrium.json", import.meta.url);
const vector = JSON.parse(readFileSync(file, "utf8"));
const args = Object.fromEntries(Object.entries(vector.args).map(([k, v]) => [k, load(v)]));
const { xd: x, ...weights } = args;
type Weights = typeof weights;

const tanhStep = (z: Tensor, { Wd, U, bd, xd }: Record<string, Tensor>) =>
  z.dot(Wd).add(xd.dot(U)).add(bd).tanh();
const start = load([
  [0, 0, 0, 0, 0],
  [0, 0, 0, 0, 0],
]);
const quiet = { warn: () => undefined };
const far = (a: unknown, b: unknown) =>
  Math.max(...flatten(a).map((t, k) => t.sub(flatten(b)[k]).abs().max().item()));
const solvers = { picard: picard(), anderson: anderson(), broyden: broyden() };
const tight = { tolerance: 1e-13, steps: 200, ...quiet };
const lossOf = (options: object) => (p: Weights) =>
  fixedPoint(tanhStep, start, { ...p, xd: x }, { ...tight, ...options })
    .state.mul(load(vector.loss_weights))
    .sum();

describe.each(Object.entries(solvers))("%s", (_, solver) => {
  test("value and gradients of HIPS/autograd, to 1e-8", () => {
    const [loss, grads] = valueAndGrad(lossOf({ solver }))(weights);
    expect(loss.item()).toBeCloseTo(vector.loss, 9);
    for (const name of ["Wd", "U", "bd"] as const)
      expect(far((grads as Weights)[name], load(vector.grads[name]))).toBeLessThan(1e-8);
  });

  test("the gradient of the loop unrolled 200 times, to 1e-8", () => {
    const unrolled = (p: Weights) =>
      scan((z: Tensor) => ({ state: tanhStep(z, { ...p, xd: x }) }), start, undefined, undefined, {
        length: 200,
      })
        .state.mul(load(vector.loss_weights))
        .sum();
    expect(far(grad(lossOf({ solver }))(weights), grad(unrolled)(weights))).toBeLessThan(1e-8);
  });

  test("compiled, in float32 too", () => {
    const single = (t: Tensor) => t.cast("float32");
    const f = (p: Weights, z: Tensor, xd: Tensor) => {
      const found = fixedPoint(tanhStep, z, { ...p, xd }, { solver, steps: 60 });
      return [found.state.sum(), found] as const;
    };
    const both = (target: "reference" | "wasm", to: (t: Tensor) => Tensor) => {
      const given = Object.fromEntries(Object.entries(weights).map(([k, t]) => [k, to(t)]));
      const program = jit(valueAndGrad(f, { hasAux: true }), { target });
      return program(given as Weights, to(start), to(x)) as any;
    };
    const [[, exact], exactGrads] = both("reference", (t) => t);
    const [[, found], grads] = both("wasm", (t) => t);
    expect(far(found.state, exact.state)).toBeLessThan(1e-10);
    expect(found.steps.item()).toBe(exact.steps.item());
    expect(far(grads, exactGrads)).toBeLessThan(1e-9);
    const [[, rough], roughGrads] = both("wasm", single);
    expect(rough.residual.item()).toBeLessThan(1e-5);
    expect(
      far(
        roughGrads,
        Object.values(exactGrads).map((t) => single(t as Tensor)),
      ),
    ).toBeLessThan(1e-3);
  });
});

describe("derivatives", () => {
  const types = [start, weights.Wd, weights.U, weights.bd, x];
  const graph = trace(types, (z, Wd, U, bd, xd) => [
    fixedPoint(tanhStep, z, { Wd, U, bd, xd }, { tolerance: 1e-14, steps: 300 }).state,
  ]);
  test("three ways agree, to the second order", () => {
    const at = types.map((t) => Float64Array.from(t.data));
    // The start has no influence: a direction along it changes the solution by rounding alone.
    expectDerivatives(graph, { order: 2, at });
  });
  test("a batch is its samples", () => {
    const one = (row: Tensor, b: Tensor) =>
      fixedPoint(
        (z: Tensor, p: Weights) => tanhStep(z, { ...p, xd: row }),
        start.slice(0),
        { ...weights, bd: b },
        { tolerance: 1e-13 },
      ).state;
    const bs = load([[0.1, 0, 0.2, 0, 0.3], weights.bd.toArray()]);
    const f = (rows: Tensor, b: Tensor) => batch(one)(rows, b).mul(load(vector.loss_weights)).sum();
    const alone = [0, 1].map((k) => jit(one, { target: "reference" })(x.slice(k), bs.slice(k)));
    const all = jit(batch(one), { target: "reference" })(x, bs);
    expect(far([all.slice(0), all.slice(1)], alone)).toBeLessThan(1e-11);
    const each = [0, 1].map((k) =>
      grad((b: Tensor) => one(x.slice(k), b).mul(load(vector.loss_weights).slice(k)).sum())(
        bs.slice(k),
      ),
    );
    const found = grad(f, 1)(x, bs) as Tensor;
    expect(far([found.slice(0), found.slice(1)], each)).toBeLessThan(1e-10);
  });
  test("a tree of states", () => {
    const step = ({ a, b }: { a: Tensor; b: Tensor[] }, p: Tensor) => ({
      a: b[0].mul(0.5).sum().add(p).reshape([1]).tanh(),
      b: [b[0].mul(0.3).add(a.mul(p)).sin()],
    });
    const first = { a: load([0]), b: [load([0, 0])] };
    const value = (p: Tensor) => {
      const { state } = fixedPoint(step, first, p, { tolerance: 1e-13 });
      return state.a.sum().add(state.b[0].mul(load([1, 2])).sum());
    };
    const h = 1e-5;
    const slope = (value(load(0.4 + h)).item() - value(load(0.4 - h)).item()) / (2 * h);
    expect((grad(value)(load(0.4)) as Tensor).item()).toBeCloseTo(slope, 6);
  });
});

describe("the way back, less exact", () => {
  const exact = grad(lossOf({}))(weights);
  const off = (backward: any) => far(grad(lossOf({ backward }))(weights), exact);
  test("phantom gradients come nearer with every term", () => {
    const errors = [1, 3, 10, 60].map((terms) => off(phantom({ terms })));
    expect(errors[1]).toBeLessThan(errors[0]);
    expect(errors[2]).toBeLessThan(errors[1]);
    expect(errors[3]).toBeLessThan(1e-10);
    expect(off(phantom({ terms: 100, damping: 0.5 }))).toBeLessThan(1e-8);
  });
  test("Jacobian-free is the first term, and descends", () => {
    const free = grad(lossOf({ backward: "jacobian-free" }))(weights);
    expect(far(free, grad(lossOf({ backward: phantom({ terms: 1 }) }))(weights))).toBeLessThan(
      1e-13,
    );
    const [a, b] = [flatten(free), flatten(exact)];
    const product = a.reduce((s, t, k) => s + t.mul(b[k]).sum().item(), 0);
    expect(product).toBeGreaterThan(0);
    expect(far(free, exact)).toBeGreaterThan(1e-3);
  });
});

describe("how strongly a point attracts", () => {
  const linear = (rows: number[][]) => (z: Tensor) => z.dot(load(rows)).add(load([1, 1, 1]));
  const near = (radius: number) =>
    linear([
      [0, radius, 0],
      [-radius, 0, 0],
      [0.1, 0, 0.5],
    ]);
  test("the spectral radius, of complex pairs too", () => {
    for (const radius of [0.3, 0.9, 1.7])
      expect(spectralRadius(near(Math.max(radius, 0.51)), load([0, 0, 0])).item()).toBeCloseTo(
        Math.max(radius, 0.51),
        3,
      );
  });
  test("accelerated solvers need fewer evaluations where it attracts weakly", () => {
    const steps = (solver: any) =>
      fixedPoint(near(0.95), load([0, 0, 0]), undefined, {
        solver,
        steps: 1000,
        ...quiet,
      }).steps.item();
    expect(steps(picard())).toBeGreaterThan(400);
    expect(steps(anderson())).toBeLessThan(20);
    expect(steps(broyden())).toBeLessThan(20);
  });
  test("near one it warns, beyond one it says that nothing is found, both with the radius", () => {
    const texts: string[] = [];
    const warn = ({ text }: { text: string }) => texts.push(text);
    const find = (radius: number, options = {}) =>
      fixedPoint(near(radius), load([0, 0, 0]), undefined, { warn, ...options });
    find(0.8);
    expect(texts).toEqual([]);
    find(0.97);
    expect(texts[0]).toMatch(/spectral radius 0.970, near 1/);
    find(1.4);
    expect(texts[1]).toMatch(/spectral radius 1.40: the point repels/);
    expect(() => find(1.4, { solver: picard() })).toThrow(
      /after 100 evaluations \(picard\) the residual is .* spectral radius 1.40.*\n.*pulls to no point/,
    );
    expect(() => find(0.97, { solver: picard(), steps: 10 })).toThrow(/Allow more steps/);
  });
  test("the penalty is the square of the Jacobian's entries, in the mean", () => {
    const step = (z: Tensor, p: Weights) => tanhStep(z, { ...p, xd: x.slice(0) });
    const z = load([0.1, 0.2, -0.3, 0.1, 0]);
    const J = jacobian((s: Tensor) => step(s, weights))(z) as Tensor;
    const draws = Array.from({ length: 400 }, (_, k) =>
      jacobianPenalty(step, z, weights, random.key(k)).item(),
    );
    const mean = draws.reduce((a, b) => a + b) / draws.length;
    const spread = Math.sqrt(draws.reduce((s, d) => s + (d - mean) ** 2, 0)) / draws.length;
    expect(Math.abs(mean - J.mul(J).sum().item() / 5)).toBeLessThan(4 * spread);
  });
  test("options are checked", () => {
    const find = (options: object) => () =>
      fixedPoint(near(0.5), load([0, 0, 0]), undefined, options);
    expect(find({ steps: 0 })).toThrow(/steps: given 0/);
    expect(find({ tolerance: 0 })).toThrow(/tolerance: given 0/);
    expect(find({ solver: "picard" })).toThrow(/expected picard\(\), anderson\(\) or broyden\(\)/);
    expect(find({ step: 3 })).toThrow(/unknown-option/);
    expect(find({ backward: "nothing" })).toThrow(/backward: given nothing.*"jacobian-free"/s);
    expect(() => fixedPoint((z: object) => z, {})).toThrow(/an empty state/);
    expect(() => spectralRadius((z: object) => z, {})).toThrow(/an empty state/);
    const whole = tensor([1], { dtype: "int32" });
    expect(() => spectralRadius((z: Tensor) => z, whole)).toThrow(/a state int32 \[1\]/);
    expect(() => anderson({ memory: 0 })).toThrow(/memory: given 0/);
    expect(() => phantom({ damping: 2 })).toThrow(/damping: given 2/);
    expect(() => fixedPoint((z: Tensor) => z, tensor([1], { dtype: "int32" }))).toThrow(
      /states of one float dtype/,
    );
  });
});

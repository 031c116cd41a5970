/** The transforms of functions of trees: against mathematics, against each other, and nested. */
import { expect, test } from "vitest";
import { scan } from "../../src/loops/scanTree.ts";
import { map } from "../../src/ops/map.ts";
import { stopGradient } from "../../src/ops/stopGradient.ts";
import { add, mul, slot, sub, tanh } from "../../src/scalar/index.ts";
import { type Tensor, tensor } from "../../src/tensor/tensor.ts";
import {
  batch,
  grad,
  hessian,
  jacobian,
  jvp,
  remat,
  valueAndGrad,
  vjp,
} from "../../src/transform/api.ts";
import { traceTree } from "../../src/transform/function.ts";
import { expectDerivatives, numbers } from "../derivatives.ts";

const draw = numbers(6);
const numbersOf = (...shape: number[]): Tensor =>
  tensor(draw(shape.reduce((a, b) => a * b, 1)), { shape });
const sum = (x: Tensor) => map("i->", slot(0), [x]);
const product = (a: Tensor, b: Tensor) => map("i,i->i", mul(slot(0), slot(1)), [a, b]);
const dot = (x: Tensor, W: Tensor) =>
  map("i,ij->j", mul(slot(0), slot(1)), [x, W], { name: "dot" });
const near = (a: Tensor, b: Tensor, digits = 10) => {
  expect(a.shape).toEqual(b.shape);
  a.data.forEach((x, i) => expect(x).toBeCloseTo(b.data[i], digits));
};

const x = numbersOf(3);
const W = numbersOf(3, 3);
/** ½ xᵀ W x: the gradient is ½ (W + Wᵀ) x, the Hessian ½ (W + Wᵀ). */
const quadratic = (x: Tensor, W: Tensor) =>
  map("i,ij,j->", mul(0.5, mul(mul(slot(0), slot(1)), slot(2))), [x, W, x]);
const symmetric = (W: Tensor) => map("ij,ji->ij", mul(0.5, add(slot(0), slot(1))), [W, W]);

test("gradient, Jacobian and Hessian of a quadratic form", () => {
  const half = symmetric(W);
  near(grad(quadratic)(x, W), dot(x, half));
  near(hessian(quadratic)(x, W), half);
  near(jacobian((x: Tensor) => dot(x, W))(x), map("ij->ji", slot(0), [W]));
  near(jacobian((x: Tensor) => dot(x, W), { mode: "forward" })(x), map("ij->ji", slot(0), [W]));
  expect(grad(quadratic)(x, W).isConcrete).toBe(true);
});

test("Jacobians of tensors of any rank, both ways", () => {
  const f = (a: Tensor) => map("ij,jk->ki", tanh(mul(slot(0), slot(1))), [a, W]);
  const a = numbersOf(2, 3);
  const [forward, reverse] = [
    jacobian(f, { mode: "forward" })(a),
    jacobian(f, { mode: "reverse" })(a),
  ];
  expect(forward.shape).toEqual([3, 2, 2, 3]);
  near(forward, reverse);
  expect(jacobian(sum)(x).shape).toEqual([3]);
  expect(
    jacobian((s: Tensor) => map("->i", slot(0), [s], { sizes: { i: 2 } }))(tensor(1)).shape,
  ).toEqual([2]);
});

test("trees keep their structure", () => {
  const f = ({ a, n }: { a: Tensor; n: { b: Tensor[] } }) => sum(product(a, n.b[0]));
  const p = { a: x, n: { b: [numbersOf(3)] } };
  const [value, gradient] = valueAndGrad(f)(p);
  near(value, f(p));
  near(gradient.a, p.n.b[0]);
  near(gradient.n.b[0], p.a);
  const J = jacobian((p: { a: Tensor }) => ({ twice: map("i->i", mul(slot(0), 2), [p.a]) }))({
    a: x,
  });
  expect(J.twice.a.shape).toEqual([3, 3]);
});

test("argnums and aux", () => {
  near(grad(quadratic, 1)(x, W), map("i,j->ij", mul(0.5, mul(slot(0), slot(1))), [x, x]));
  const [dx, dW] = grad(quadratic, [0, 1])(x, W);
  expect([dx.shape, dW.shape]).toEqual([[3], [3, 3]]);
  const withAux = (x: Tensor): [Tensor, { doubled: Tensor }] => [
    sum(x),
    { doubled: product(x, x) },
  ];
  const [[value, aux], gradient] = valueAndGrad(withAux, { hasAux: true })(x);
  near(value, sum(x));
  near(aux.doubled, product(x, x));
  expect(gradient.toArray()).toEqual([1, 1, 1]);
});

test("vjp and jvp", () => {
  const f = (x: Tensor, W: Tensor) => ({ y: dot(x, W) });
  const [{ y }, pullback] = vjp(f, x, W);
  near(y, dot(x, W));
  const v = numbersOf(3);
  const [dx, dW] = pullback({ y: v });
  near(dx, map("ij,j->i", mul(slot(0), slot(1)), [W, v]));
  near(dW, map("i,j->ij", mul(slot(0), slot(1)), [x, v]));
  near(
    pullback({ y: x })[1],
    product(x, x).shape ? map("i,j->ij", mul(slot(0), slot(1)), [x, x]) : x,
  );
  const [, dy] = jvp(f, [x, W], [v, W]);
  near(dy.y, map("i,i->i", add(slot(0), slot(1)), [dot(v, W), dot(x, W)]));
});

test("transforms nest to any depth, over what they capture", () => {
  const cube = (x: Tensor) => map("->", mul(mul(slot(0), slot(0)), slot(0)), [x]);
  const two = tensor(2, { dtype: "float64" });
  expect(grad(grad(cube))(two).item()).toBe(12);
  expect(grad(grad(grad(cube)))(two).item()).toBe(6);
  // d/da [a · d/db (a b²)] at b = a: the inner derivative captures a
  const mixed = (a: Tensor) =>
    map(",->", mul(slot(0), slot(1)), [
      a,
      grad((b: Tensor) => map(",->", mul(slot(0), mul(slot(1), slot(1))), [a, b]))(a),
    ]);
  expect(mixed(two).item()).toBe(16);
  expect(grad(mixed)(two).item()).toBe(24);
  // within a trace the pullback reads the values of the forward pass, for every cotangent anew
  const both = (a: Tensor) => {
    const [y, pullback] = vjp(cube, a);
    return map(",,->", add(slot(0), sub(slot(1), slot(2))), [y, pullback(y)[0], pullback(a)[0]]);
  };
  expect(grad(both)(two).item()).toBe(12 + 5 * 3 * 16 - 9 * 4);
});

test("per-example gradients are a batch of gradients", () => {
  const loss = (W: Tensor, x: Tensor) => sum(map("i->i", tanh(slot(0)), [dot(x, W)]));
  const X = numbersOf(4, 3);
  const all = batch(grad(loss), { axes: [null, 0] })(W, X);
  expect(all.shape).toEqual([4, 3, 3]);
  for (let b = 0; b < 4; b++)
    near(
      tensor(all.toArray()[b], { dtype: "float64" }),
      grad(loss)(W, tensor(X.toArray()[b], { dtype: "float64" })),
    );
  const models = batch(loss, { axes: [0, null] })(numbersOf(5, 3, 3), x);
  expect(models.shape).toEqual([5]);
});

test("batch over trees, over traced tensors, and of what ignores the batch", () => {
  const f = ({ a, b }: { a: Tensor; b: Tensor }) => ({ y: product(a, b), same: b });
  const tree = { a: numbersOf(2, 3), b: x };
  const { y, same } = batch(f, { axes: [{ b: null }] })(tree);
  expect([y.shape, same.shape]).toEqual([
    [2, 3],
    [2, 3],
  ]);
  const slope = grad((a: Tensor) =>
    map("bi->", slot(0), [batch(f, { axes: [{ b: null }] })({ a, b: x }).y]),
  );
  expect(slope(tree.a).toArray()).toEqual([x.toArray(), x.toArray()]);
  const captured = grad((x: Tensor) =>
    map("bi->", slot(0), [batch((a: Tensor) => product(a, x))(tree.a)]),
  );
  near(captured(x), map("bi->i", slot(0), [tree.a]));
});

test("remat: values, gradients of every order and batches are those of the function", () => {
  const f = (x: Tensor, W: Tensor) =>
    map("i->i", tanh(slot(0)), [dot(map("i->i", tanh(slot(0)), [dot(x, W)]), W)]);
  const plain = traceTree((x: Tensor, W: Tensor) => sum(f(x, W)), [x, W]).graph;
  const inside = traceTree(
    (x: Tensor, W: Tensor) => sum(remat((x: Tensor) => f(x, W))(x)),
    [x, W],
  ).graph;
  for (const graph of [plain, inside])
    expectDerivatives(graph, { order: 3, at: [x, W].map((t) => t.data as Float64Array) });
  near(remat(f)(x, W), f(x, W));
  const loss = (g: typeof f) => (x: Tensor, W: Tensor) => sum(g(x, W));
  const [dx, dW] = grad(loss(remat(f)), [0, 1])(x, W);
  near(dx, grad(loss(f))(x, W), 14);
  near(dW, grad(loss(f), 1)(x, W), 14);
  near(hessian(loss(remat(f)))(x, W), hessian(loss(f))(x, W), 13);
  const X = numbersOf(2, 3);
  near(batch(remat(f), { axes: [0, null] })(X, W), batch(f, { axes: [0, null] })(X, W), 14);
});

test("remat of scans within a scan: checkpointed gradients are the same", () => {
  const step = (h: Tensor, x: Tensor, W: Tensor): [Tensor, Tensor] => {
    const next = map("j,j->j", tanh(add(slot(0), slot(1))), [dot(h, W), x]);
    return [next, next];
  };
  const loss =
    (wrap: <F extends (...args: any[]) => unknown>(f: F) => F) => (W: Tensor, X: Tensor) => {
      const window = wrap((h: Tensor, x: Tensor, W: Tensor) => scan(step, h, x, W).state);
      const { state } = scan(
        (h: Tensor, x: Tensor, W: Tensor): [Tensor] => [window(h, x, W)],
        x,
        X,
        W,
      );
      return sum(state);
    };
  const X = numbersOf(3, 2, 3);
  near(
    grad(loss(remat), [0, 1])(W, X)[0],
    grad(
      loss((f) => f),
      [0, 1],
    )(W, X)[0],
    14,
  );
  near(
    grad(loss(remat), [0, 1])(W, X)[1],
    grad(
      loss((f) => f),
      [0, 1],
    )(W, X)[1],
    14,
  );
});

test("stopGradient holds a value fixed", () => {
  const f = (x: Tensor) => sum(product(x, stopGradient(x)));
  near(grad(f)(x), x);
});

test("messages", () => {
  const n = tensor(3, { dtype: "int32" });
  expect(() => grad((x: Tensor) => x)(x)).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: grad: the function returned argument 0 float64 [3]; expected a single number.
      Reduce it first: loss.sum() or loss.mean().   (not-scalar)]
  `);
  expect(() => grad((n: Tensor) => n)(n)).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: grad: given argument 0 int32 []; expected a float32 or float64 number.
      Convert it first: x.cast("float32"). Nothing is converted silently.   (dtype-mismatch)]
  `);
  expect(() => grad((() => 3) as any)(x)).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: what the function returned: given number 3; expected a tensor, or an object or array of tensors.
      Give a tensor, or an object or array of tensors.   (bad-argument)]
  `);
  expect(() => grad(sum, 1)(x)).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: grad: given argnums 1 with 1 arguments; expected a place from 0 to 0.
      Give a place from 0 to 0.   (bad-argument)]
  `);
  expect(() =>
    grad((x: Tensor) => ((x as any) > 0 ? sum(x) : sum(x)))(x),
  ).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: argument 0 float64 [3] has no value yet: it is being traced, so JavaScript cannot read it or branch on it.
      To choose by it, use where(condition, a, b); to read it, return it and read what the call gives.   (traced-value)]
  `);
  expect(() => jvp(sum, [x], [tensor([1, 2])])).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: the tangents, 0: given [2]; expected float64 [3].
      Give the shape that is expected, or reshape the tensor first.   (shape-mismatch)]
  `);
  expect(() => vjp(sum, x)[1](x)).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: the cotangent: given float64 [3]; expected float64 [].
      Give the shape that is expected, or reshape the tensor first.   (shape-mismatch)]
  `);
  expect(() =>
    batch(product)(numbersOf(2, 3), numbersOf(4, 3)),
  ).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: batch: axis "samples" is 2 in argument 0 [2, 3] but 4 in argument 1 [4, 3].
      Make both axes 2, or both 4.   (axis-mismatch)]
  `);
  expect(() => batch(sum)(tensor(1))).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: batch: given argument 0 []; expected a leading axis of samples (or null in axes).
      Reshape the tensor, or index the missing axes.   (rank-mismatch)]
  `);
  expect(() => batch(sum, { axes: [null] })(x)).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: batch: given no batched argument; expected at least one argument with a leading axis of samples.
      Give at least one argument with a leading axis of samples.   (bad-argument)]
  `);
  expect(() =>
    batch(({ a }) => a, { axes: [{ b: null }] })({ a: x }),
  ).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: axes of batch: "b" is not known.
      Use one of: 0, null, a.   (unknown-option)]
  `);
});

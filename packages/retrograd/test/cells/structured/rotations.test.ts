/** Orthogonal and unitary cells: their equations, and lengths that stay. */
import { jit, tensor, zeros } from "retrograd";
import {
  type Cell,
  cayleyRotation,
  drawTree,
  exponentialRotation,
  orthogonal,
  reflected,
  throughTime,
  unitary,
} from "retrograd/cells";
import { describe, expect, test } from "vitest";
import { key, normal } from "../../../src/ops/random.ts";
import { describeCell } from "../describeCell.ts";
import {
  added,
  dot,
  each,
  expectEquations,
  gateSums,
  identity,
  type Matrix,
  only,
  type PlainStep,
  plus,
  product,
  refusal,
  scaled,
  series,
  skew,
  tanh,
  times,
  turned,
  type Vector,
} from "../plain.ts";

const size = 4;
/** By Gauss and Jordan, without exchanges: I + S has a positive definite symmetric part. */
function inverse(M: Matrix): Matrix {
  const rows = M.map((row, i) => [...row, ...identity(M.length)[i]]);
  for (let k = 0; k < rows.length; k++) {
    rows[k] = scaled(rows[k], 1 / rows[k][k]);
    rows.forEach((row, i) => {
      if (i !== k) rows[i] = plus(row, scaled(rows[k], -row[k]));
    });
  }
  return rows.map((row) => row.slice(M.length));
}
const cayley = (A: Matrix, negative: number): Matrix => {
  const [one, S] = [identity(A.length), skew(A)];
  const Q = product(inverse(added(one, S)), added(one, S, -1));
  return Q.map((row) => row.map((x, j) => (j < negative ? -x : x)));
};
const mirrors = (h: Vector, V: Matrix): Vector =>
  V.reduce((x, v) => plus(x, scaled(v, (-2 * dot(x, v)) / dot(v, v))), h);
const modRelu = (z: Vector, b: Vector) =>
  each((x, c) => Math.sign(x) * Math.max(0, Math.abs(x) + c), z, b);

/** exp(S + iT) on pairs: the series of a matrix of complex numbers as [re, im]. */
function complexExponential(A: Matrix, B: Matrix): { re: Matrix; im: Matrix } {
  const [S, T] = [skew(A), added(B, turned(B))];
  const n = A.length;
  const zero = identity(n).map((row) => scaled(row, 0));
  let [re, im, termRe, termIm] = [identity(n), zero, identity(n), zero];
  for (let k = 1; k <= 60; k++) {
    [termRe, termIm] = [
      added(product(termRe, S), product(termIm, T), -1).map((row) => scaled(row, 1 / k)),
      added(product(termRe, T), product(termIm, S)).map((row) => scaled(row, 1 / k)),
    ];
    [re, im] = [added(re, termRe), added(im, termIm)];
  }
  return { re, im };
}

const cells: Record<string, [Cell, PlainStep]> = {
  "orthogonal, exponential, modReLU": [
    orthogonal({ size }),
    (p, { h }, x) => only(modRelu(plus(times(x, p.Wx), times(h, series(skew(p.A)))), p.b)),
  ],
  "orthogonal, cayley, tanh": [
    orthogonal({ size, method: "cayley", activation: "tanh" }),
    (p, { h }, x) => only(tanh(plus(times(x, p.Wx), times(h, cayley(p.A, 2)), p.b))),
  ],
  "orthogonal, cayley without negative ones, linear": [
    orthogonal({ size, method: "cayley", activation: "linear", negative: 0 }),
    (p, { h }, x) => only(plus(times(x, p.Wx), times(h, cayley(p.A, 0)), p.b)),
  ],
  "orthogonal, all reflections, relu": [
    orthogonal({ size, method: "householder", activation: "relu" }),
    (p, { h }, x) => only(each((z) => Math.max(0, z), plus(times(x, p.Wx), mirrors(h, p.A), p.b))),
  ],
  "orthogonal, one reflection": [
    orthogonal({ size, method: "householder", activation: "tanh", reflections: 1 }),
    (p, { h }, x) => only(tanh(plus(times(x, p.Wx), mirrors(h, p.A), p.b))),
  ],
  unitary: [
    unitary({ size: 3 }),
    (p, { h: [re, im] }, x) => {
      const U = complexExponential(p.A, p.B);
      const [inRe, inIm] = gateSums(x, p.Wx);
      const zRe = plus(inRe, times(re, U.re), scaled(times(im, U.im), -1));
      const zIm = plus(inIm, times(re, U.im), times(im, U.re));
      const length = each((a, b) => Math.sqrt(a * a + b * b + 1e-5), zRe, zIm);
      const scale = each((l, b) => Math.max(0, l + b) / l, length, p.b);
      const h = [zRe, zIm].map((z) => each((a, s) => a * s, z, scale));
      return { state: { h }, output: h.flat() };
    },
  ],
  "unitary, linear": [
    unitary({ size: 2, activation: "linear" }),
    (p, { h: [re, im] }, x) => {
      const U = complexExponential(p.A, p.B);
      const [inRe, inIm] = gateSums(x, p.Wx);
      const zRe = plus(inRe, times(re, U.re), scaled(times(im, U.im), -1));
      const zIm = plus(inIm, times(re, U.im), times(im, U.re));
      return { state: { h: [zRe, zIm] }, output: [...zRe, ...zIm] };
    },
  ],
};
describe.each(Object.entries(cells))("%s", (name, [cell, step]) => {
  test("is its equations", () => {
    expectEquations(cell, step);
  });
  describeCell(name, cell);
});

describe("what keeps lengths", () => {
  const A = normal(key(1), [7, 7], { dtype: "float64" });
  const rotations = {
    exponential: exponentialRotation(A),
    cayley: cayleyRotation(A, 3),
    reflections: reflected(identityOf(7), A),
    "few reflections": reflected(identityOf(7), A.slice([0, 2])),
  };
  test.each(Object.entries(rotations))("%s", (_, Q) => {
    const off = Q.dot(Q.transpose()).sub(identityOf(7)).abs().max().item();
    expect(off).toBeLessThan(1e-13);
  });
  test("a linear unitary cell keeps its length for a thousand moments, in float32", () => {
    const cell = unitary({ size: 8, activation: "linear" });
    const drawn = drawTree<any>(cell.params([1]), key(2));
    const params = { ...drawn, A: normal(key(3), [8, 8]), Wx: drawn.Wx.mul(0) };
    const h = normal(key(4), [1, 2, 8]);
    const run = jit((p: any, s: any, x: any) => throughTime(cell, p, x, s).state.h.norm());
    expect(run(params, { h }, zeros([1000, 1, 1])).item() / h.norm().item()).toBeCloseTo(1, 3);
  });
});

test("what cannot be is refused", () => {
  const params = (cell: Cell) => refusal(() => cell.params([3]));
  expect([
    params(orthogonal({ size: 3, method: "qr" as "cayley" })),
    params(orthogonal({ size: 3, reflections: 4, method: "householder" })),
    params(orthogonal({ size: 3, negative: -1 })),
    params(unitary({ size: 3, activation: "tanh" as "linear" })),
    refusal(() => orthogonal({ size: 3, angle: 1 } as never)),
  ]).toMatchInlineSnapshot(`
    [
      "orthogonal: method: "qr" is not known.
      Use one of: exponential, cayley, householder.   (unknown-option)",
      "orthogonal: reflections: given 4; expected a whole number within 1…3.
      Give a whole number within 1…3.   (bad-argument)",
      "orthogonal: negative: given -1; expected a whole number within 0…3.
      Give a whole number within 0…3.   (bad-argument)",
      "unitary: activation: "tanh" is not known.
      Use one of: modReLU, linear.   (unknown-option)",
      "orthogonal: "angle" is not known.
      Use one of: size, input, initial, method, activation, negative, reflections.   (unknown-option)",
    ]
  `);
});

function identityOf(n: number) {
  return tensor(identity(n), { dtype: "float64" });
}

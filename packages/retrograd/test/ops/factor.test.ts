/**
 * Factorisations held against what defines them, at sizes in and beyond a vector's lanes: A x = b,
 * L Lᵀ = A, Q R = A with QᵀQ = I, and exponentials in closed form. Their derivatives, batches and
 * targets are cases of cases.ts.
 */
import fc from "fast-check";
import {
  batch,
  cholesky,
  expm,
  eye,
  grad,
  jit,
  matmul,
  qr,
  random,
  solve,
  type Tensor,
  tensor,
} from "retrograd";
import { describe, expect, test } from "vitest";
import { trace } from "../../src/tensor/graph.ts";
import { machine } from "../nest/machine.ts";

const f64 = { dtype: "float64" } as const;
const normal = (seed: number, ...shape: number[]) => random.normal(random.key(seed), shape, f64);
const one = (n: number) => eye(n, undefined, f64);
const largest = (x: Tensor): number => x.abs().max().item();
const gap = (x: Tensor, y: Tensor): number => largest(x.sub(y));
const sizes = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 6 }), fc.nat());
const property = (check: (n: number, k: number, seed: number) => void) =>
  fc.assert(
    fc.property(sizes, ([n, k, seed]) => check(n, k, seed % 1e6)),
    { numRuns: 40 },
  );
/** Both ways a value comes about: eagerly, by the rule of the op, and compiled to Wasm. */
type Way = <F extends (...x: any[]) => any>(f: F) => F;
const ways: Record<string, Way> = { eager: (f) => f, wasm: (f) => jit(f) };

describe.each(Object.entries(ways))("%s", (_, run) => {
  test("A · solve(A, b) is b, for vectors, columns and stacks", () => {
    const f = run((A: Tensor, b: Tensor) => solve(A, b));
    property((n, k, seed) => {
      const A = normal(seed, 2, n, n);
      const b = normal(seed + 1, 2, n, k);
      const x = f(A, b) as Tensor;
      // Backward stable: the residual is small against |A| |x|, however ill-conditioned A is.
      expect(gap(matmul(A, x), b) / (largest(A) * largest(x) + 1)).toBeLessThan(1e-14 * n ** 2);
      const vector = f(A, b.slice(null, null, 0)) as Tensor;
      expect(gap(vector, x.slice(null, null, 0)) / largest(x)).toBeLessThan(1e-9);
    });
  });
  test("rows are exchanged where a pivot is zero or tiny", () => {
    const f = run((A: Tensor, b: Tensor) => solve(A, b));
    const A = tensor([[0, 0, 1], [1, 0, 0], [0, 1, 0]], f64); // biome-ignore format: a matrix
    expect((f(A, tensor([1, 2, 3], f64)) as Tensor).toArray()).toEqual([2, 3, 1]);
    const tiny = f(tensor([[1e-20, 1], [1, 1]], f64), tensor([1, 2], f64)) as Tensor; // biome-ignore format: a matrix
    expect(gap(tiny, tensor([1, 1], f64))).toBeLessThan(1e-15);
  });
  test("a singular matrix gives numbers that are not finite", () => {
    const f = run((A: Tensor, b: Tensor) => solve(A, b));
    const x = f(tensor([[1, 2], [2, 4]], f64), tensor([1, 1], f64)) as Tensor; // biome-ignore format: a matrix
    expect([...x.data].some(Number.isFinite)).toBe(false);
  });
  test("of a triangle, the other side is not read", () => {
    property((n, k, seed) => {
      const A = normal(seed, n, n).mul(0.3).add(one(n).mul(2));
      const b = normal(seed + 1, n, k);
      const poison = A.mul(0).add(NaN);
      for (const triangle of ["lower", "upper"] as const) {
        const isLower = triangle === "lower";
        const kept = isLower ? A.tril() : A.triu();
        const given = kept.add(isLower ? poison.triu(1) : poison.tril(-1));
        const x = run((a: Tensor, c: Tensor) => solve(a, c, { triangle }))(given, b) as Tensor;
        expect(gap(matmul(kept, x), b)).toBeLessThan(1e-12);
      }
    });
  });
  test("L Lᵀ is A, and L is a lower triangle with a positive diagonal", () => {
    const f = run((A: Tensor) => cholesky(A));
    property((n, _, seed) => {
      const M = normal(seed, 2, n, n);
      const A = matmul(M, M.swapAxes(1, 2)).add(one(n).mul(0.1));
      const L = f(A) as Tensor;
      expect(gap(matmul(L, L.swapAxes(1, 2)), A) / largest(A)).toBeLessThan(1e-13);
      expect(gap(L, L.tril())).toBe(0);
      expect(L.diagonal().min().item()).toBeGreaterThan(0);
    });
    const indefinite = f(tensor([[1, 2], [2, 1]], f64)) as Tensor; // biome-ignore format: a matrix
    expect(indefinite.at(1).at(1).item()).toBeNaN();
  });
  test("Q R is A, QᵀQ is I, R is an upper triangle with a diagonal that is not negative", () => {
    property((m, n, seed) => {
      const A = normal(seed, 2, m, n);
      const { Q, R } = run((a: Tensor) => qr(a))(A) as { Q: Tensor; R: Tensor };
      expect(Q.shape).toEqual([2, m, Math.min(m, n)]);
      expect(gap(matmul(Q, R), A)).toBeLessThan(1e-13);
      expect(gap(matmul(Q.swapAxes(1, 2), Q), one(Math.min(m, n)))).toBeLessThan(1e-14 * 9);
      expect(gap(R, R.triu())).toBe(0);
      expect(R.diagonal().min().item()).toBeGreaterThanOrEqual(0);
    });
    const flat = tensor([[0, 1], [0, 2], [0, 2]], f64); // biome-ignore format: a matrix
    const { Q, R } = run((a: Tensor) => qr(a))(flat) as { Q: Tensor; R: Tensor };
    expect(gap(matmul(Q, R), flat)).toBeLessThan(1e-15);
    expect(gap(matmul(Q.transpose(), Q), one(2))).toBeLessThan(1e-15);
  });
});

test("vectors of lanes and what is left behind them: sizes around both, in both floats", () => {
  for (const dtype of ["float64", "float32"] as const)
    for (const n of [3, 4, 5, 16, 19]) {
      const A = normal(n, n, n).add(one(n).mul(3)).cast(dtype);
      const f = (a: Tensor, b: Tensor) => {
        const { Q, R } = qr(a.transpose());
        const L = cholesky(matmul(a, a.transpose()));
        return [solve(a.transpose(), b), solve(a, b.slice(null, 0)), L, Q, R];
      };
      const b = normal(n + 1, n, n + 2).cast(dtype);
      const want = f(A, b);
      jit(f)(A, b).forEach((y, k) => {
        const allowed = (dtype === "float64" ? 1e-12 : 1e-4) * largest(want[k]);
        expect(gap(y, want[k])).toBeLessThan(allowed);
      });
    }
});

test("samples that share a matrix share its factorisation", () => {
  const graph = trace(
    [
      { shape: [4, 4], dtype: "float32" },
      { shape: [8, 4], dtype: "float32" },
    ],
    (A, b) => [batch((row: Tensor) => solve(A, row))(b)],
  );
  expect(machine(graph).kernels.join("\n")).toContain("solve_2: 4 equations, 8 columns");
});

describe("the exponential of a matrix", () => {
  const relative = (x: Tensor, want: Tensor) => gap(x, want) / largest(want);
  const turn = (angle: number) =>
    tensor([Math.cos(angle), -Math.sin(angle), Math.sin(angle), Math.cos(angle)], {
      shape: [2, 2],
      ...f64,
    });
  const skew = (angle: number) => tensor([[0, -angle], [angle, 0]], f64); // biome-ignore format: a matrix

  test("of a skew matrix is a rotation, at every norm up to a thousand", () => {
    for (const angle of [0, 1e-9, 0.3, 5, 6, 80, 1300]) {
      expect(gap(expm(skew(angle)), turn(angle))).toBeLessThan(1e-14 + 1e-15 * angle);
      const narrow = expm(skew(angle).cast("float32")).cast("float64");
      // A float32 angle is itself only known to angle · 2⁻²⁴.
      expect(gap(narrow, turn(angle))).toBeLessThan(1e-6 + 1e-6 * angle);
    }
  });
  test("of a Jordan block, of zeros, of a diagonal", () => {
    const block = tensor([[-2, 1, 0], [0, -2, 1], [0, 0, -2]], f64); // biome-ignore format: a matrix
    const want = tensor([[1, 1, 0.5], [0, 1, 1], [0, 0, 1]], f64).mul(Math.exp(-2)); // biome-ignore format: a matrix
    expect(relative(expm(block), want)).toBeLessThan(1e-14);
    expect(gap(expm(one(3).mul(0)), one(3))).toBe(0);
    const diagonal = expm(one(3).mul(tensor([-30, 0.5, 7], f64)));
    expect(relative(diagonal, one(3).mul(tensor([-30, 0.5, 7], f64).exp()))).toBeLessThan(1e-13);
  });
  test("is Taylor's series, summed in exact fractions", () => {
    // 2 A for A = [[1, 2], [3, −4]] / 2: powers of integers over 2ᵏ k!, 80 terms of them.
    const [numerators, digits] = [[1n, 2n, 3n, -4n], 10n ** 40n];
    let [power, scale] = [[1n, 0n, 0n, 1n], 1n];
    const total = [0n, 0n, 0n, 0n];
    for (let k = 1n; k <= 80n; k++) {
      power.forEach((x, i) => (total[i] += (x * digits) / scale));
      const [a, b, c, d] = power;
      const [e, f, g, h] = numerators;
      power = [a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h];
      scale *= 2n * k;
    }
    const want = tensor(
      Float64Array.from(total, (x) => Number(x) / 1e40),
      { shape: [2, 2] },
    );
    const A = tensor([[0.5, 1], [1.5, -2]], f64); // biome-ignore format: a matrix
    expect(relative(expm(A), want)).toBeLessThan(2e-15);
  });
  test("e^A e^−A is I, for random matrices", () => {
    property((n, _, seed) => {
      const A = normal(seed, n, n).mul(0.5);
      const [up, down] = [expm(A), expm(A.neg())];
      expect(gap(matmul(up, down), one(n)) / (largest(up) * largest(down))).toBeLessThan(1e-13);
    });
  });
  test("no gradient of it is lost where squarings are skipped", () => {
    // d/ds tr(e^{sA}) = tr(A e^{sA}): at each s another number of squarings is taken.
    const A = normal(1, 3, 3);
    for (const s of [0.01, 1, 4, 16]) {
      const slope = grad((t: Tensor) => expm(A.mul(t)).trace())(tensor(s, f64)).item();
      const want = matmul(A, expm(A.mul(s)))
        .trace()
        .item();
      expect(Math.abs(slope - want) / Math.abs(want)).toBeLessThan(1e-12);
    }
  });
});

test("what does not fit is refused, with the shapes", () => {
  const message = (f: () => unknown): string => {
    try {
      f();
    } catch (e) {
      return (e as Error).message;
    }
    return "nothing was refused";
  };
  expect([
    message(() => solve(normal(1, 2, 3), normal(1, 2))),
    message(() => solve(one(3), normal(1, 2))),
    message(() => solve(one(3), normal(1, 3).cast("float32"))),
    message(() => solve(one(3), normal(1, 3), { triangle: "left" as "lower" })),
    message(() => cholesky(normal(1, 3))),
    message(() => qr(one(3).cast("int32"))),
    message(() => expm(normal(1, 3, 2))),
  ]).toMatchInlineSnapshot(`
    [
      "solve: given constant float64 [2, 3]; expected square matrices A [..., n, n].
      Give the shape that is expected, or reshape the tensor first.   (shape-mismatch)",
      "solve: given constant float64 [2] for constant float64 [3, 3]; expected b of shape [3] or [3, k].
      Give the shape that is expected, or reshape the tensor first.   (shape-mismatch)",
      "solve: given constant float64 [3, 3] and constant float32 [3]; expected one dtype.
      Convert one of them first: x.cast("float64"). Nothing is converted silently.   (dtype-mismatch)",
      "solve: triangle: "left" is not known.
      Use one of: lower, upper.   (unknown-option)",
      "cholesky: given constant float64 [3]; expected square matrices A [..., n, n].
      Give the shape that is expected, or reshape the tensor first.   (shape-mismatch)",
      "qr: given constant int32 [3, 3]; expected floats.
      Convert it first: x.cast("float32"). Nothing is converted silently.   (dtype-mismatch)",
      "expm: given constant float64 [3, 2]; expected square matrices A [..., n, n].
      Give the shape that is expected, or reshape the tensor first.   (shape-mismatch)",
    ]
  `);
});

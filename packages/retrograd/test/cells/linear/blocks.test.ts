/** The selective state space and its block, the convolution in it, and the block around any cell. */
import { random } from "retrograd";
import {
  block,
  causalConvolution,
  drawTree,
  gru,
  lru,
  mamba,
  selective,
  stack,
} from "retrograd/cells";
import { sequential, unroll } from "retrograd/layers";
import { expect, test } from "vitest";
import { describeCell } from "../describeCell.ts";
import {
  expectEquations,
  gate,
  type Matrix,
  silu,
  softplus,
  times,
  type Vector,
} from "./equations.ts";

describeCell("causalConvolution", causalConvolution({ size: 3 }));
describeCell(
  "a convolution over more moments than there are",
  causalConvolution({ size: 3, width: 9 }),
);
describeCell("selective", selective({ size: 3, states: 2 }));
describeCell("mamba", mamba({ size: 2, expand: 2, states: 3, initial: "learned" }), { time: 5 });
describeCell(
  "two blocks, of an LRU and of a GRU",
  stack(
    block(lru({ size: 3, input: 3 })),
    block(gru({ size: 3, initial: "learned" }), { hidden: 4 }),
  ),
);

function convolve(state: any, x: Vector, { W, b }: { W: Matrix; b: Vector }): Vector {
  const window: Matrix = [...state.past, x];
  state.past = window.slice(1);
  return x.map((_, j) => b[j] + window.reduce((sum, row, k) => sum + row[j] * W[k][j], 0));
}

function select(state: any, x: Vector, { delta, A, B, C, D }: any): Vector {
  const step = times(times(x, delta.down), delta.up).map((v, i) => softplus(v + delta.b[i]));
  const [b, c] = [times(x, B), times(x, C)];
  state.h = (state.h as Matrix).map((row, i) =>
    row.map((h, n) => Math.exp(-step[i] * Math.exp(A[i][n])) * h + step[i] * b[n] * x[i]),
  );
  return x.map((v, i) => D[i] * v + (state.h[i] as Vector).reduce((s, h, n) => s + h * c[n], 0));
}

expectEquations("causalConvolution", causalConvolution({ size: 3, width: 3 }), 3, convolve);
expectEquations("selective", selective({ size: 5, states: 3, rank: 2 }), 5, select);
expectEquations("mamba", mamba({ size: 3, expand: 2, states: 4 }), 2, (s, x, p) => {
  const u = times(x, gate(p.W, 0));
  const z = times(x, gate(p.W, 1));
  const said = select(s.ssm, convolve(s.convolution, u, p.convolution).map(silu), p.ssm);
  return times(
    said.map((v, i) => v * silu(z[i])),
    p.Wo,
  );
});

/** x·Φ(x), with Φ by its power series: enough for |x| < 6. */
function gelu(x: number): number {
  let [term, sum] = [x, x];
  for (let n = 1; n < 200; n++) {
    term *= (x * x) / (2 * n + 1);
    sum += term;
  }
  return x * (0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI));
}

function normalised(x: Vector, { scale, shift }: { scale: Vector; shift: Vector }): Vector {
  const mean = x.reduce((a, b) => a + b, 0) / x.length;
  const variance = x.reduce((a, b) => a + (b - mean) ** 2, 0) / x.length;
  return x.map((v, i) => ((v - mean) / Math.sqrt(variance + 1e-5)) * scale[i] + shift[i]);
}

expectEquations("block", block(causalConvolution({ size: 4 }), { hidden: 5 }), 4, (s, x, p) => {
  const mixed = convolve(s.mixer, normalised(x, p.norms[0]), p.mixer);
  const u = x.map((v, i) => v + mixed[i]);
  const n = normalised(u, p.norms[1]);
  const value = times(n, gate(p.W, 1));
  const gated = times(n, gate(p.W, 0)).map((v, i) => gelu(v) * value[i]);
  return times(gated, p.Wo).map((v, i) => u[i] + v);
});

test("what has no form over all moments makes a block that has none", () => {
  expect(block(gru({ size: 3 })).parallel).toBeUndefined();
  expect(() => unroll(block(gru({ size: 3 })), { evaluation: "parallel" })).toThrow(/no such form/);
  expect(block(lru({ size: 3 })).parallel).toBeDefined();
});

test("mamba begins with steps between a thousandth and a tenth, and rates 1, 2, 3 …", () => {
  const { ssm } = drawTree<any>(mamba({ size: 40 }).params([40]), random.key(0), "float64");
  for (const v of ssm.delta.b.data) {
    expect(softplus(v)).toBeGreaterThan(0.99e-3);
    expect(softplus(v)).toBeLessThan(0.101);
  }
  (ssm.A.toArray() as Matrix)[7].forEach((a, n) => expect(Math.exp(a)).toBeCloseTo(n + 1, 12));
});

test("bad options say what is wrong, and what would be right", () => {
  expect(() => sequential(unroll(block(lru({ size: 4, input: 3 })))).init(random.key(0))).toThrow(
    /block\(lru\).*input \[3\].*output is \[4\].*dense/s,
  );
  expect(() => block(lru({ size: 4 }), { hidden: 0 })).toThrow(/block: hidden.*whole number/s);
  expect(() => block(lru({ size: 4 }), { width: 2 } as never)).toThrow(/hidden, epsilon/);
  expect(() => mamba({ size: 4, heads: 2 } as never)).toThrow(/mamba.*heads/s);
  expect(() => mamba({ size: 4, states: 0.5 })).toThrow(/mamba: states.*whole number/s);
  expect(() => selective({ size: 4 }).params([3])).toThrow(
    /selective.*made for an input of size 4/s,
  );
  expect(() => causalConvolution({ size: 4, width: 0 }).params([4])).toThrow(
    /width.*whole number/s,
  );
});

/** A Transformer block against plain loops, in chunks, with gaps, and its refusals. */
import { jit, random, type Tensor, tensor, valueAndGrad, zeros } from "retrograd";
import { drawTree, startOf, throughTime, transformer } from "retrograd/cells";
import { sequential, unroll } from "retrograd/layers";
import { expect, test } from "vitest";
import { compileGraph } from "../../../src/jit/jit.ts";
import { trace } from "../../../src/tensor/graph.ts";
import { flatten, mapTree } from "../../../src/tensor/tree.ts";
import { traceTree } from "../../../src/transform/function.ts";
import { expectDerivatives, numbers } from "../../derivatives.ts";
import { describeCell } from "../describeCell.ts";

const SIZE = 8;
const cellOf = (context: number) =>
  transformer({ size: SIZE, input: SIZE, heads: 4, kvHeads: 2, context });
describeCell("transformer", cellOf(3), { input: SIZE });
describeCell("transformer that sees one moment", cellOf(1), { input: SIZE, time: 3 });

const draw = (shape: readonly number[], seed: number): Tensor =>
  tensor(numbers(seed)(shape.reduce((a, b) => a * b, 1)), { shape, dtype: "float64" });
const paramsOf = (cell: ReturnType<typeof cellOf>) =>
  mapTree(drawTree<any>(cell.params([SIZE]), random.key(1), "float64"), (t: Tensor) =>
    t.add(draw(t.shape, 2).mul(0.5)),
  );

/** The block in plain numbers: rows of x, all pairs within the window. */
function plain(x: number[][], params: any, heads: number, groups: number, context: number) {
  const W = mapTree(params, (t: Tensor) => t.toArray()) as any;
  const times = (row: number[], M: number[][]) =>
    M[0].map((_, j) => row.reduce((sum, r, i) => sum + r * M[i][j], 0));
  const norm = (row: number[], { scale, shift }: { scale: number[]; shift: number[] }) => {
    const mean = row.reduce((a, b) => a + b) / row.length;
    const variance = row.reduce((a, b) => a + (b - mean) ** 2, 0) / row.length;
    return row.map((r, i) => ((r - mean) / Math.sqrt(variance + 1e-5)) * scale[i] + shift[i]);
  };
  const d = SIZE / heads;
  /** Complex numbers turned by e^{i φ}. */
  const turn = (row: number[], t: number) =>
    row.map((_, at) => {
      const [head, i] = [Math.floor(at / d) * d, (at % d) % (d / 2)];
      const phi = t * 10_000 ** ((-2 * i) / d);
      const [re, im] = [row[head + i], row[head + i + d / 2]];
      return at - head < d / 2
        ? re * Math.cos(phi) - im * Math.sin(phi)
        : im * Math.cos(phi) + re * Math.sin(phi);
    });
  // Φ(z) by its series, which converges for every z that occurs here.
  const gelu = (z: number) => {
    let [term, sum] = [z, z];
    for (let n = 1; n < 60; n++) sum += term *= (z * z) / (2 * n + 1);
    return z * (0.5 + (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * sum);
  };
  const normed = x.map((row) => norm(row, W.before));
  const q = normed.map((row, t) => turn(times(row, W.Wq), t));
  const k = normed.map((row, t) => turn(times(row, W.Wk), t));
  const v = normed.map((row) => times(row, W.Wv));
  return x.map((row, t) => {
    const seen = Array<number>(SIZE).fill(0);
    for (let h = 0; h < heads; h++) {
      const g = Math.floor(h / (heads / groups));
      const from = Math.max(0, t - context + 1);
      const weights = k.slice(from, t + 1).map((key) => {
        let score = 0;
        for (let i = 0; i < d; i++) score += q[t][h * d + i] * key[g * d + i];
        return Math.exp(score / Math.sqrt(d));
      });
      const total = weights.reduce((a, b) => a + b);
      weights.forEach((w, u) => {
        for (let i = 0; i < d; i++) seen[h * d + i] += (w / total) * v[from + u][g * d + i];
      });
    }
    const m = times(seen, W.Wo).map((s, i) => s + row[i]);
    const wide = times(norm(m, W.between), W.W1).map((z, i) => gelu(z + W.b1[i]));
    return times(wide, W.W2).map((z, i) => m[i] + z + W.b2[i]);
  });
}

test("all moments at once, and one by one, are the equations", () => {
  for (const context of [1, 3, 20]) {
    const cell = cellOf(context);
    const params = paramsOf(cell);
    const xs = draw([9, 1, SIZE], 5);
    const first = startOf(cell, params, [SIZE], 1, "float64");
    const expected = plain(xs.reshape([9, SIZE]).toArray() as number[][], params, 4, 2, context);
    for (const evaluation of ["parallel", "sequential"] as const)
      throughTime(cell, params, xs, first, { evaluation }).outputs.data.forEach((y, i) =>
        expect(y).toBeCloseTo(expected.flat()[i], 10),
      );
  }
});

test("chunks of any length, in either form, are the whole", () => {
  const cell = cellOf(5);
  const params = paramsOf(cell);
  const xs = draw([140, 2, SIZE], 6);
  const whole = throughTime(cell, params, xs, startOf(cell, params, [SIZE], 2, "float64"));
  let state = startOf(cell, params, [SIZE], 2, "float64");
  let at = 0;
  [1, 70, 3, 2, 64].forEach((length, k) => {
    const evaluation = k % 2 ? "parallel" : "sequential";
    const ran = throughTime(cell, params, xs.slice([at, at + length]), state, { evaluation });
    ran.outputs.data.forEach((y, i) =>
      expect(Math.abs(y - whole.outputs.data[at * 2 * SIZE + i])).toBeLessThan(1e-10),
    );
    state = ran.state;
    at += length;
  });
  expect(at).toBe(140);
  flatten(whole.state).forEach((t, k) =>
    t.data.forEach((y, i) => expect(Math.abs(y - flatten(state)[k].data[i])).toBeLessThan(1e-10)),
  );
});

test("gaps within a sequence hold the memory", () => {
  const cell = cellOf(3);
  const params = paramsOf(cell);
  const xs = draw([8, 1, SIZE], 7);
  const mask = tensor(
    [1, 0, 1, 1, 0, 0, 1, 1].map((v) => [v === 1]),
    { dtype: "bool" },
  );
  const first = () => startOf(cell, params, [SIZE], 1, "float64");
  const [steps, whole] = (["sequential", "parallel"] as const).map((evaluation) =>
    flatten(throughTime(cell, params, xs, first(), { mask, evaluation })),
  );
  expect(steps.map((t) => t.shape)).toEqual(whole.map((t) => t.shape));
  steps.forEach((t, k) =>
    t.data.forEach((y, i) => expect(Math.abs(y - whole[k].data[i])).toBeLessThan(1e-10)),
  );
});

test("what was seen before a chunk has its gradient, in both forms", () => {
  const cell = cellOf(4);
  const params = paramsOf(cell);
  const [before, xs] = [draw([3, 1, SIZE], 8), draw([5, 1, SIZE], 9)];
  const state = throughTime(
    cell,
    params,
    before,
    startOf(cell, params, [SIZE], 1, "float64"),
  ).state;
  const floats = [state.keys, state.values, xs];
  for (const evaluation of ["parallel", "sequential"] as const) {
    const graph = trace(floats, (keys, values, x) => {
      const ran = throughTime(cell, params, x, { ...state, keys, values }, { evaluation });
      return [ran.outputs, ran.state.keys, ran.state.values];
    });
    expectDerivatives(graph, { at: floats.map((t) => Float64Array.from(t.data)) });
  }
});

test("both forms have the same gradient, compiled", () => {
  const cell = cellOf(4);
  const params = paramsOf(cell);
  const xs = draw([70, 2, SIZE], 10);
  const first = startOf(cell, params, [SIZE], 2, "float64");
  const [parallel, sequential] = (["parallel", "sequential"] as const).map((evaluation) => {
    const loss = (p: any) => throughTime(cell, p, xs, first, { evaluation }).outputs.square().sum();
    return flatten(jit(valueAndGrad(loss))(params));
  });
  parallel.forEach((t, k) =>
    t.data.forEach((x, i) => {
      const y = sequential[k].data[i];
      expect(Math.abs(x - y)).toBeLessThan(1e-9 * (1 + Math.abs(y)));
    }),
  );
});

test("memory of a training step grows with the length, and the program does not", () => {
  const program = (time: number) => {
    const model = sequential(unroll(transformer({ size: SIZE, heads: 2, context: time })));
    const loss = (p: any, x: Tensor) => model.apply(p, x).square().sum();
    const params = model.init(random.key(0), { input: SIZE });
    const { graph } = traceTree(valueAndGrad(loss), [params, zeros([1, time, SIZE])]);
    const { peakBytes, explain } = compileGraph(graph, {});
    return { peakBytes, kernels: Number(/(\d+) kernels/.exec(explain())![1]) };
  };
  const [short, long] = [program(512), program(4096)]; // shorter ones are one block
  expect(long.peakBytes / short.peakBytes).toBeLessThan(1.5 * 8);
  expect(long.kernels / short.kernels).toBeLessThan(2); // a rest of a loop in chunks is printed too
});

test("sizes that do not fit are refused with a cure", () => {
  const refuse = (options: object, input = SIZE) => {
    try {
      transformer({ size: SIZE, ...options }).params([input]);
    } catch (error) {
      return (error as Error).message;
    }
    return "accepted";
  };
  expect([
    refuse({ heads: 3 }),
    refuse({ heads: 8 }),
    refuse({ kvHeads: 3 }),
    refuse({ context: 0 }),
    refuse({}, 5),
  ]).toMatchInlineSnapshot(`
    [
      "transformer: heads: given 3 heads for size 8; expected a number of heads that divides the size.
      Give a number of heads that divides the size.   (bad-argument)",
      "transformer: heads: given 8 heads of length 1; expected heads of an even length, because positions turn pairs of coordinates.
      Give heads of an even length, because positions turn pairs of coordinates.   (bad-argument)",
      "transformer: kvHeads: given 3 for 4 heads; expected a number that divides the heads.
      Give a number that divides the heads.   (bad-argument)",
      "transformer: context: given 0; expected a whole number ≥ 1.
      Give a whole number ≥ 1.   (bad-argument)",
      "transformer: input: given 5 features for size 8; expected 8 features: put dense(8) first.
      Give 8 features: put dense(8) first.   (bad-argument)",
    ]
  `);
});

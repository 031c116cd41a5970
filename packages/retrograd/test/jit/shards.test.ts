/** Shards: parts of the rows on threads of their own give what one program gives for all rows. */
import { allReduce, grad, jit, resident, scan, type Tensor, tensor, zeros } from "retrograd";
import { dense, lastStep, sequential } from "retrograd/layers";
import { mse, sgd, type TrainEvent, train } from "retrograd/train";
import { describe, expect, test, vi } from "vitest";
import "../../src/node/index.ts";
import { compileGraph } from "../../src/jit/jit.ts";
import { allTargets } from "../../src/jit/target.ts";
import { type Graph, trace } from "../../src/tensor/graph.ts";
import { fromFloat64, sizeOf, type Type } from "../../src/tensor/tensor.ts";
import { jvp as jvpOfGraph } from "../../src/transform/jvp.ts";
import { vjp as vjpOfGraph } from "../../src/transform/vjp.ts";
import { numbers } from "../derivatives.ts";

type Name = "wasm" | "native" | "reference";
/** Left out, and said so, where there is no C compiler or no koffi. */
function native(): Name[] {
  const missing = allTargets()
    .find(({ name }) => name === "native")!
    .missing();
  if (missing) console.warn(`native is left out: ${missing.reason}`);
  return missing ? [] : ["native"];
}
const names: Name[] = ["reference", "wasm", ...native()];

const draw = numbers(7);
const random = (...shape: number[]): Tensor =>
  fromFloat64(draw(shape.reduce((a, b) => a * b, 1)), { shape, dtype: "float32" });
const close = (a: Tensor, b: Tensor, digits = 5) => {
  expect(a.shape).toEqual(b.shape);
  a.data.forEach((x, i) => expect(x).toBeCloseTo(b.data[i], digits));
};

interface Params {
  W: Tensor;
  U: Tensor;
}
const loss = ({ W, U }: Params, x: Tensor): Tensor =>
  scan(
    (h: Tensor, now: Tensor) => ({ state: h.dot(W).add(now.dot(U)).tanh() }),
    zeros([x.shape[0], W.shape[0]]),
    x.swapAxes(0, 1),
  )
    .state.square()
    .sum();

describe.each(names)("%s", (target) => {
  test.each([1, 2, 3])("%i shards: sums over rows, and rows that come back", (count) => {
    const params = { W: random(5, 5), U: random(3, 5) };
    const x = random(6, 4, 3);
    const step = (p: Params, rows: Tensor) => ({
      grads: allReduce(grad((q: Params) => loss(q, rows))(p)),
      doubled: rows.mul(2),
      own: rows.sum(),
    });
    const sharded = jit(step, {
      target,
      shards: {
        count,
        inputs: [null, 0],
        outputs: { grads: null, doubled: 0, own: null },
      },
    });
    const want = step(params, x);
    const got = sharded(params, x);
    close(got.grads.W, want.grads.W);
    close(got.grads.U, want.grads.U);
    close(got.doubled, want.doubled);
    close(got.own, x.slice([0, 6 / count]).sum());
    expect([...sharded(params, x).grads.W.data]).toEqual([...got.grads.W.data]);
  });

  test("a value that is added up and also read on its own", () => {
    const f = jit(
      (x: Tensor) => {
        const own = x.mul(3);
        const [sum, moved] = allReduce([own, own.reshape([3, 1])]);
        return { sum, moved, own, both: own.add(sum), constant: allReduce(tensor(1)) };
      },
      {
        target,
        shards: {
          count: 2,
          inputs: [0],
          outputs: { sum: null, moved: null, own: 0, both: 0, constant: null },
        },
      },
    );
    const out = f(tensor([1, 2, 3, 10, 20, 30]));
    expect(out.sum.toArray()).toEqual([33, 66, 99]);
    expect(out.moved.toArray()).toEqual([[33], [66], [99]]);
    expect(out.own.toArray()).toEqual([3, 6, 9, 30, 60, 90]);
    expect(out.both.toArray()).toEqual([36, 72, 108, 63, 126, 189]);
    expect(out.constant.item()).toBe(2);
  });

  test("residents: parameters whole, states by rows", () => {
    const run = resident(
      ({ w, h }: { w: Tensor; h: Tensor }, x: Tensor) => {
        const next = h.mul(w).add(x);
        return [{ w: w.add(allReduce(next.sum())), h: next }, { next }];
      },
      { w: tensor(0.5), h: tensor([1, 2, 3, 4]) },
      { target, shards: { count: 2, inputs: [{ w: null, h: 0 }, 0], outputs: 0 } },
    );
    expect(run.call(tensor([1, 0, 1, 0])).next.toArray()).toEqual([1.5, 1, 2.5, 2]);
    expect(run.read().w.item()).toBe(7.5);
    expect(run.read().h.toArray()).toEqual([1.5, 1, 2.5, 2]);
    run.write({ w: tensor(2), h: tensor([1, 1, 2, 2]) });
    run.call(zeros([4]));
    expect(run.read().w.item()).toBe(14);
  });
});

/** Numbers for tensors of these types, one for each shard. */
const numbersFor = (types: readonly Type[], count: number): Float64Array[] =>
  types.map((t) => draw(sizeOf(t.shape) * count));
const inner = (a: readonly Float64Array[], b: readonly Float64Array[]): number =>
  a.reduce((n, x, k) => n + x.reduce((m, y, i) => m + y * b[k][i], 0), 0);

test("the cotangents of shards are the adjoint of their tangents", () => {
  const count = 3;
  const types = [
    { shape: [2, 4], dtype: "float64" },
    { shape: [4], dtype: "float64" },
  ] as const;
  const graph = trace(types, (x, y) => {
    const [s, t] = allReduce([x.mul(y).tanh(), y.square()]);
    return [s.mul(x), allReduce(t.mul(s.sum(0)))];
  });
  /** All shards, every value by rows: nothing is taken to be equal in them. */
  const run = (g: Graph, data: readonly Float64Array[]) => {
    const all = (list: readonly unknown[]) => list.map(() => true);
    const shards = { count, inputs: all(g.inputs), outputs: all(g.outputs) };
    return compileGraph(g, { target: "reference", shards }).run(data) as Float64Array[];
  };
  const [at, along] = [numbersFor(types, count), numbersFor(types, count)];
  const seeds = numbersFor(graph.outputs, count);
  const tangents = run(jvpOfGraph(graph), [...at, ...along]);
  const cotangents = run(vjpOfGraph(graph), [...at, ...seeds]);
  expect(inner(seeds, tangents)).toBeCloseTo(inner(cotangents, along), 10);
  const moved = (by: number) => at.map((x, k) => x.map((v, i) => v + by * along[k][i]));
  const [above, below] = [run(graph, moved(1e-5)), run(graph, moved(-1e-5))];
  const slopes = above.map((x, k) => x.map((v, i) => (v - below[k][i]) / 2e-5));
  expect(inner(seeds, tangents)).toBeCloseTo(inner(seeds, slopes), 6);
});

describe("refused", () => {
  const two = { count: 2, inputs: [0], outputs: null } as const;
  const shards = two;
  const looped = (x: Tensor) =>
    scan((h: Tensor, y: Tensor) => ({ state: allReduce(h.add(y)) }), zeros([]), x);
  const refusals: Record<string, () => unknown> = {
    "rows that do not divide": () => jit((x: Tensor) => x.sum(), { shards })(zeros([3])),
    "a number by rows": () => jit((x: Tensor) => x.mul(1), { shards })(tensor(1)),
    "a number that comes back by rows": () =>
      jit((x: Tensor) => x.sum(), { shards: { ...two, outputs: 0 } })(zeros([2])),
    "no shards": () => jit((x: Tensor) => x, { shards: { ...two, count: 0 } }),
    "a sum within a loop": () => jit(looped, { shards })(zeros([2])),
    "bools added up": () => allReduce(tensor([true])),
    "an argument that has no such part": () =>
      jit((x: { a: Tensor }) => x.a, { shards: { ...two, inputs: [{ b: 0 }] } })({ a: zeros([2]) }),
  };
  test.each(Object.entries(refusals))("%s", (_, f) => {
    expect(f).toThrowErrorMatchingSnapshot();
  });
});

test("where threads share no memory a program is refused, and training has one shard", async () => {
  vi.stubGlobal("SharedArrayBuffer", undefined);
  try {
    const shards = { count: 2, inputs: [0], outputs: null } as const;
    expect(() => jit((x: Tensor) => x.sum(), { shards })(zeros([2]))).toThrow(
      /2 shards cannot run here.*\n.*Cross-Origin-Opener-Policy/,
    );
    const model = sequential(lastStep(), dense(1));
    const data = [{ inputs: zeros([2, 1, 3]), targets: zeros([2, 1]) }];
    const told: TrainEvent[] = [];
    const rest = { loss: mse(), optimizer: sgd(0.1), steps: 1, shards: 2 };
    for await (const event of train({ model, data, ...rest })) told.push(event);
    expect(told.map(({ type }) => type)).toEqual(["warning", "step", "done"]);
    expect(told[0]).toMatchObject({ code: "shards-alone" });
  } finally {
    vi.unstubAllGlobals();
  }
});

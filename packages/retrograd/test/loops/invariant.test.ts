/** What params alone decide leaves a loop when it is recorded: once forward, once on the way back. */
import { expm, eye, scan, solve, type Tensor, tensor, zeros } from "retrograd";
import { expect, test } from "vitest";
import { kernelsOf } from "../../src/nest/nest.ts";
import { type Graph, run, trace } from "../../src/tensor/graph.ts";
import { batch } from "../../src/transform/batch.ts";
import { vjp } from "../../src/transform/vjp.ts";
import { expectDerivatives, numbers } from "../derivatives.ts";
import { machine } from "../nest/machine.ts";

const f64 = (...shape: number[]) => ({ shape, dtype: "float64" as const });
type Step = (h: Tensor, x: Tensor, W: Tensor) => Tensor;
/** h' = step(h, x, W) over `time` moments of three units: from (h, xs, W) to the last h. */
const over = (step: Step, time: number): Graph =>
  trace([f64(3), f64(time, 3), f64(3, 3)], (h0, xs, W0) => {
    const walk = ({ h }: { h: Tensor }, x: Tensor, { W }: { W: Tensor }) => {
      return { state: { h: step(h, x, W) } };
    };
    return [scan(walk, { h: h0 }, xs, { W: W0 }).state.h];
  });
/** By Cayley's transform of W, which is a rotation. */
const rotated: Step = (h, x, W) => {
  const [skew, one] = [W.sub(W.transpose()), eye(3, undefined, { dtype: "float64" })];
  return h
    .dot(solve(one.add(skew), one.sub(skew)))
    .add(x)
    .tanh();
};

/** How many kernels of that name run in all, and how many of them stand in a loop. */
function count(graph: Graph, name: string): { once: number; inside: number } {
  const found = { once: 0, inside: 0 };
  kernelsOf(machine(graph, undefined, { rows: 4 }).schedule.main, (kernel, loops) => {
    if (kernel.name.startsWith(name)) found[loops.length ? "inside" : "once"]++;
  });
  return found;
}

test("a factorisation of params runs once, and its derivative once, however many chunks", () => {
  expect(count(over(rotated, 20), "solve")).toEqual({ once: 1, inside: 0 });
  expect(count(vjp(over(rotated, 20)), "solve")).toEqual({ once: 2, inside: 0 });
});

test("what a step decides stays in it", () => {
  const own: Step = (h, x, W) => solve(W.add(h.outer(h)), x);
  expect(count(over(own, 20), "solve")).toEqual({ once: 0, inside: 1 });
});

test("the value is that of the steps written out, and derivatives agree to second order", () => {
  const graph = over(rotated, 5);
  const draw = numbers(1);
  const [h0, xs, W] = [draw(3), draw(15), draw(9)];
  let h = tensor(h0);
  for (let t = 0; t < 5; t++)
    h = rotated(h, tensor(xs.slice(3 * t, 3 * t + 3)), tensor(W, { shape: [3, 3] }));
  run(graph, [h0, xs, W])[0].forEach((x, i) => expect(x).toBeCloseTo(h.data[i], 12));
  expectDerivatives(graph, { order: 2 });
});

test("each sample may have params of its own", () => {
  const graph = over(rotated, 4);
  const wide = batch(graph, [false, false, true], 2);
  const draw = numbers(2);
  const [h0, xs, W] = [draw(3), draw(12), draw(18)];
  const [both] = run(wide, [h0, xs, W]);
  for (const b of [0, 1])
    run(graph, [h0, xs, W.slice(9 * b, 9 * b + 9)])[0].forEach((x, i) =>
      expect(both[3 * b + i]).toBeCloseTo(x, 12),
    );
});

test("a step whose next state is decided by params alone, and a loop of no steps", () => {
  const fixed: Step = (_, __, W) => W.dot(W).sum(0);
  expectDerivatives(over(fixed, 3));
  const none = over(rotated, 0);
  const [h] = run(none, [Float64Array.of(1, 2, 3), new Float64Array(0), new Float64Array(9)]);
  expect([...h]).toEqual([1, 2, 3]);
});

test("concrete tensors too", () => {
  const W = zeros([2, 2], { dtype: "float64" });
  const one = tensor([1, 2], { dtype: "float64" });
  const { state } = scan(({ h }) => ({ state: { h: h.dot(expm(W)) } }), { h: one }, undefined, W, {
    length: 3,
  });
  expect([...state.h.data]).toEqual([1, 2]);
});

test("what residents decide is computed when they are written, not at each call", () => {
  const types = [f64(3, 3), f64(3)];
  const graph = trace(types, (W, h) => [W, rotated(h, h, W)]);
  const program = machine(graph, undefined, { resident: [[0, 0]] });
  const named = (items: typeof program.schedule.main) => {
    const found: string[] = [];
    kernelsOf(items, ({ name }) => found.push(name));
    return found.filter((name) => name.startsWith("solve")).length;
  };
  expect([named(program.schedule.setup), named(program.schedule.main)]).toEqual([1, 0]);
  const draw = numbers(3);
  for (const W of [draw(9), draw(9)]) {
    program.write(0, W);
    for (const h of [draw(3), draw(3)]) {
      const [, got] = program.run([undefined, h]);
      run(graph, [W, h])[1].forEach((x, i) => expect(got[i]).toBeCloseTo(x, 12));
    }
  }
});

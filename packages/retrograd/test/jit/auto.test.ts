/** target: "auto" is native for much work, where native can run, and otherwise what needs no compiler. */
import { jit, scan, type Tensor, zeros } from "retrograd";
import { afterEach, expect, test } from "vitest";
import { registerTarget, targetNamed } from "../../src/jit/target.ts";
import { workOf } from "../../src/jit/work.ts";
import type { Missing } from "../../src/nest/program.ts";
import { traceTree } from "../../src/transform/function.ts";

const absent: Missing = { reason: "none here", cure: "none" };
let compiled = 0;
/** A native target that counts what it compiles. */
const native = (missing: Missing | undefined) =>
  registerTarget({
    name: "native",
    missing: () => missing,
    compile(graph, options) {
      compiled++;
      return targetNamed("wasm").compile(graph, options);
    },
    plan: (graph, options) => targetNamed("wasm").plan(graph, options),
  });
afterEach(() => {
  native(absent);
  compiled = 0;
});

const x = zeros([32, 64]);
const W = zeros([64, 64]);
const through = (steps: number) => (x: Tensor, W: Tensor) =>
  scan(
    ({ h }: { h: Tensor }, _: unknown, { W }: { W: Tensor }) => {
      const next = h.dot(W).tanh();
      return { state: { h: next }, output: next };
    },
    { h: x },
    zeros([steps, 1]),
    { W },
  ).state.h;
const work = (steps: number) => workOf(traceTree(through(steps), [x, W]).graph);

test("work is that of the products and grows with the steps", () => {
  expect(work(10) / (10 * 32 * 64 * 64 * 2)).toBeCloseTo(1, 1);
  expect(work(1000) / work(10)).toBeCloseTo(100, 0);
});

test("much work goes to native", () => {
  native(undefined);
  jit(through(200))(x, W);
  expect(compiled).toBe(1);
});

test("little work does not, nor does any where native is missing or another target is named", () => {
  native(undefined);
  jit(through(2))(x, W);
  jit(through(200), { target: "wasm" })(x, W);
  native(absent);
  jit(through(200))(x, W);
  expect(compiled).toBe(0);
});

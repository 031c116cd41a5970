/** target: "auto" is native for much work, where native can run, and otherwise what needs no compiler. */
import { jit, resident, scan, type Tensor, zeros } from "retrograd";
import { dense, sequential } from "retrograd/layers";
import { mse, sgd, train } from "retrograd/train";
import { afterEach, expect, test } from "vitest";
import { fail } from "../../src/errors/targets.ts";
import { registerTarget, targetNamed } from "../../src/jit/target.ts";
import { workOf } from "../../src/jit/work.ts";
import type { Missing } from "../../src/nest/program.ts";
import { traceTree } from "../../src/transform/function.ts";

const absent: Missing = { reason: "none here", cure: "None." };
let compiled = 0;
/** A native target that counts what it compiles. */
const native = (missing: Missing | undefined, refusal?: string) =>
  registerTarget({
    name: "native",
    missing: () => missing,
    compile(graph, options) {
      compiled++;
      if (refusal) fail("compiler-failed", { command: "cc", said: refusal });
      return targetNamed("wasm").compile(graph, options);
    },
    plan: (graph, options) => targetNamed("wasm").plan(graph, options),
  });
afterEach(() => {
  native(absent);
  compiled = 0;
});

const lesson = {
  model: sequential(dense(2, { input: 3 })),
  data: [{ inputs: zeros([2, 1, 3]), targets: zeros([2, 1, 2]) }],
  ...{ loss: mse(), optimizer: sgd(0.1), steps: 1 },
};
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

test("a compiler that fails: another target serves, with the same numbers, and the program says why", () => {
  native(undefined, "no space left");
  const [fast, named] = [jit(through(200)), jit(through(200), { target: "wasm" })];
  expect(fast(x, W).toArray()).toEqual(named(x, W).toArray());
  expect(compiled).toBe(1);
  expect(fast.explain().split("\n").slice(0, 2).join("\n")).toMatchInlineSnapshot(`
    "The program runs on target "wasm" and not on "native", which is faster: the C compiler cc fails (no space left).
      Put that right, or use target: "wasm".   (target-instead)"
  `);
  expect(() => jit(through(2), { target: "native" })(x, W)).toThrow(
    /no space left.*compiler-failed/s,
  );
});

test("a compiler that was to be expected is missed aloud, and only where it would have served", () => {
  const said = () => {
    const program = resident((h: Tensor) => [through(200)(h, W), {}], x);
    program.call();
    return program.remarks.map(({ code }) => code);
  };
  native(absent);
  expect(said()).toEqual([]);
  native({ ...absent, tell: true });
  expect(said()).toEqual(["target-instead"]);
  const small = resident((h: Tensor) => [through(2)(h, W), {}], x);
  small.call();
  expect(small.remarks).toEqual([]);
});

test("training says first that another target serves", async () => {
  native({ ...absent, tell: true });
  const events = async (target: "native" | "auto") => {
    const all: string[] = [];
    for await (const event of train({ ...lesson, target }))
      all.push(event.type === "warning" ? event.code : event.type);
    return all;
  };
  expect(await events("native")).toEqual(["target-instead", "step", "done"]);
  expect(await events("auto")).toEqual(["step", "done"]); // it is small
  expect(train({ ...lesson, target: "native" }).target).toBe("wasm");
});

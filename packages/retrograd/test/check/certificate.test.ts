/** The certificate finds derivative rules that are wrong, and nothing where none is. */
import {
  map,
  random,
  scalar,
  scan,
  stopGradient,
  type Tensor,
  tensor,
  where,
  zeros,
} from "retrograd";
import { bidirectional, cell, gru, lstm, rnn, stack } from "retrograd/cells";
import {
  dense,
  embedding,
  lastStep,
  layerNorm,
  maxOverTime,
  sequential,
  unroll,
} from "retrograd/layers";
import { afterEach, expect, test, vi } from "vitest";
import { type Certificate, certify } from "../../src/check/index.ts";
import { scanOp } from "../../src/loops/scan.ts";
import type { Op } from "../../src/tensor/tensor.ts";
import { rematOp } from "../../src/transform/remat.ts";
import { backwardTimes, forwardTimes, tampered } from "./tampered.ts";

/** A cell h' = f(x U + h W), of which `f` may be tampered with. */
const plain = (f: (a: Tensor, h: Tensor) => Tensor) =>
  cell({
    name: "plain",
    params: ({ input, size }, init) => ({
      W: init.orthogonal([size, size]),
      U: init.glorot([input, size]),
    }),
    state: ({ size }) => ({ h: [size] }),
    step({ h }, x, { W, U }) {
      const next = f(x.dot(U).add(h.dot(W)), h);
      return { state: { h: next }, output: next };
    },
  })({ size: 4, input: 3 });
const model = (f: (a: Tensor, h: Tensor) => Tensor) => sequential(unroll(plain(f)), dense(2));

test.each([
  ["rnn", sequential(unroll(rnn({ size: 5, input: 3 })), dense(2))],
  ["gru, learned state", sequential(unroll(gru({ size: 4, input: 2, initial: "learned" })))],
  ["lstm over symbols", sequential(embedding(9, 4), unroll(lstm({ size: 5 })), dense(9))],
  [
    "both ways, maximum",
    sequential(unroll(bidirectional(gru({ size: 3, input: 2 }))), maxOverTime()),
  ],
  [
    "stack",
    sequential(
      unroll(stack(rnn({ size: 3, input: 2 }), lstm({ size: 3 }))),
      layerNorm(),
      lastStep(),
    ),
  ],
] as const)("%s: all ways agree", (_, given) => {
  const found = certify(given, { steps: 4 });
  expect(found.sentence).toMatch(/^6 ways .* agree/);
  expect(found.agrees).toBe(true);
  expect(found.worst.relative).toBeLessThan(1e-8);
  expect(found.stopped.relative).toBe(0);
});

test("the numbers are those of the model: a gradient known in closed form", () => {
  // h' = a h + x, L = h after 3 steps: ∂L/∂a = 2 a x₀ + x₁ at h₀ = 0.
  const step = ({ h }: { h: Tensor }, x: Tensor, { a }: { a: Tensor }) => ({
    state: { h: h.mul(a).add(x) },
    output: h.mul(a).add(x),
  });
  const given = { state: { h: zeros([]) }, inputs: tensor([3, 5, 7]), params: { a: tensor(0.5) } };
  const found = certify(step, { ...given, loss: (h) => h.slice(2) });
  expect(found.agrees).toBe(true);
  expect(found.places.map(({ name }) => name)).toEqual([
    'parameter "a"',
    "step 0",
    "step 1",
    "step 2",
    "the loss itself",
  ]);
});

const faults: [string, (a: Tensor, h: Tensor) => Tensor, RegExp, string[]][] = [
  [
    "a backward rule that is 3 % off",
    (a) => tampered(a.tanh(), backwardTimes(0.97)),
    /look at the backward rule of "tanh"/,
    ["bptt", "checkpointed", "unrolled", "compiled"],
  ],
  [
    "a forward rule that is 3 % off",
    (a) => tampered(a.tanh(), forwardTimes(1.03)),
    /look at the forward rule of "tanh"/,
    ["forward"],
  ],
  [
    "both rules with one wrong sign",
    (a) => tampered(a.sin(), (op) => ({ ...backwardTimes(-1)(op), ...forwardTimes(-1)(op) })),
    /look at both derivative rules of "sin"/,
    ["bptt", "checkpointed", "unrolled", "compiled", "forward"],
  ],
  [
    "a mask that is dropped on the way back",
    (a, h) => {
      const chosen = where(a.greater(0), a.tanh(), h);
      const drop = (op: Op) => ({
        vjp: (node: any, cts: any) =>
          op.vjp({ ...node, op }, cts).map((c, k) => (k === 1 ? cts[0] : c)),
      });
      return tampered(chosen, drop);
    },
    /look at the backward rule of "where"/,
    ["bptt", "checkpointed", "unrolled", "compiled"],
  ],
];

test.each(faults)("%s is found and named", (_, f, sentence, wrong) => {
  const found = certify(model(f));
  expect(found.agrees).toBe(false);
  expect(found.sentence).toMatch(sentence);
  expect(found.ways.filter(({ agrees }) => !agrees).map(({ way }) => way)).toEqual(wrong);
  expect(found.worst.relative).toBeGreaterThan(1e-3);
});

test("a backward of the loop that forgets the last step is told from one of an op", () => {
  const forget = (op: Op) => ({
    vjp(node: any, cts: any) {
      const found = op.vjp({ ...node, op }, cts);
      const inputs = node.attrs.states;
      // The cotangent of the inputs of the last step is dropped.
      return found.map((c, k) => (k === inputs && c ? c.mul(mask(c)) : c));
    },
  });
  const mask = (c: Tensor) =>
    tensor(
      Float64Array.from({ length: c.size }, (_, i) => (i < c.size - c.size / c.shape[0] ? 1 : 0)),
      {
        shape: c.shape,
      },
    );
  const own = {
    ...model((a) => a.tanh()),
    run(params: any, x: Tensor) {
      const swap = (t: Tensor) => map("abc->bac", scalar.slot(0), [t]);
      const start = zeros([x.shape[0], 4], { dtype: "float64" });
      const ran = scan(
        ({ h }: { h: Tensor }, now: Tensor, p: any) => {
          const next = h.dot(p.W).add(now.dot(p.U)).tanh();
          return { state: { h: next }, output: next };
        },
        { h: start },
        swap(x),
        params[0],
      );
      const output = tampered(ran.outputs as Tensor, forget);
      expect(output.node.op.name).toBe(scanOp.name);
      return { output: swap(output), state: {} };
    },
  };
  const found = certify(own);
  expect(found.agrees).toBe(false);
  expect(found.worst.where).toBe("step 5");
  expect(found.sentence).toMatch(/look at the backward rule of "scan"/);
});

afterEach(() => void vi.restoreAllMocks());
/** A rule of an op that all models share is replaced for one test. */
const spoil = (op: Op, rule: "jvp" | "vjp", change: (found: any[], node: any) => any[]) => {
  const own = op[rule].bind(op);
  vi.spyOn(op, rule).mockImplementation((node, given) => change(own(node, given), node));
};
const wrongWays = (found: Certificate) =>
  found.ways.filter(({ agrees }) => !agrees).map(({ way }) => way);

test("a wrong backward of the loop: the steps written out are right", () => {
  spoil(scanOp, "vjp", (found, { attrs }) =>
    found.map((c, k) => (k >= attrs.states + attrs.inputs ? c?.mul(0.95) : c)),
  );
  const found = certify(model((a) => a.tanh()));
  expect(wrongWays(found)).toEqual(["bptt", "checkpointed", "compiled"]);
  expect(found.sentence).toMatch(/so the backward of the loop is off/);
  expect(found.worst.where).toMatch(/^parameter "0\.[UW]"$/);
});

test("a wrong forward of the loop: only forward mode is off", () => {
  spoil(scanOp, "jvp", (found) => found.map((d) => d?.mul(1.05)));
  const found = certify(model((a) => a.tanh()));
  expect(wrongWays(found)).toEqual(["forward"]);
  expect(found.sentence).toMatch(/only forward mode is off/);
});

test("wrong recomputation: only the checkpointed way is off", () => {
  spoil(rematOp, "vjp", (found) => found.map((c) => c?.mul(0.95)));
  const found = certify(model((a) => a.tanh()));
  expect(wrongWays(found)).toEqual(["checkpointed"]);
  expect(found.sentence).toMatch(/only recomputation \(remat\) is off/);
});

test("compiled code that computes something else is told from the reference", () => {
  // Op by op the value is 1 % larger; the compiler reads the body of the map, which is not.
  const larger = (op: Op) => ({
    evaluate: (node: any, args: any) => op.evaluate(node, args).map((x) => x.map((v) => 1.01 * v)),
  });
  const found = certify(model((a) => tampered(a.tanh(), larger)));
  expect(found.agrees).toBe(false);
  expect(found.ways.find(({ way }) => way === "compiled")!.agrees).toBe(false);
});

test("kinks raise no alarm, and are said", () => {
  // Zeros in, zero state: relu stands exactly on its kink at every step.
  const given = { inputs: zeros([2, 6, 3]) };
  const found = certify(
    model((a) => a.relu()),
    given,
  );
  expect(found.agrees).toBe(true);
  expect(found.kinks.length).toBeGreaterThan(0);
  expect(found.sentence).toMatch(/kink/);
  const ties = certify(sequential(unroll(plain((a) => a.tanh())), maxOverTime()), given);
  expect(ties.agrees).toBe(true);
});

test("a wrong relu is found beside its kink", () => {
  const found = certify(
    model((a) => tampered(a.relu(), backwardTimes(0.9))),
    {
      inputs: zeros([2, 6, 3]),
    },
  );
  expect(found.agrees).toBe(false);
  expect(found.sentence).toMatch(/the backward rule of "relu"/);
});

test("a gradient that is not a number is named, at a kink too", () => {
  const norm = (a: Tensor) => a.mul(a.mul(a).sum().sqrt());
  const found = certify(model(norm), { inputs: zeros([2, 6, 3]) });
  expect(found.agrees).toBe(false);
  expect(found.sentence).toMatch(/not a number .* the infinite derivative of "sqrt"/);
});

test("what stopGradient takes away is no fault, and is said", () => {
  const through = (a: Tensor) => a.add(stopGradient(a.round().sub(a))).mul(0.3); // straight through
  const found = certify(model((a) => through(a)));
  expect(found.agrees).toBe(true);
  expect(found.stopped.relative).toBeGreaterThan(0.1);
  expect(found.sentence).toMatch(/stopGradient takes part of the derivative away/);
});

test("a step with float32 numbers of its own is judged as it is", () => {
  const step = ({ h }: { h: Tensor }, x: Tensor) => {
    const next = h
      .mul(0.5)
      .add(x)
      .add(tensor([1, 2, 3]))
      .tanh();
    return { state: { h: next }, output: next };
  };
  const inputs = random.normal(random.key(3), [6, 3]);
  expect(certify(step, { state: { h: zeros([3]) }, inputs }).agrees).toBe(true);
});

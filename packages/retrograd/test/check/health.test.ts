/** Units that were silenced and gates that were shut by hand are counted, and no other. */
import { random, type Tensor, tensor } from "retrograd";
import { cell, gru, lru, lstm, rnn } from "retrograd/cells";
import { dense, sequential, unroll } from "retrograd/layers";
import { expect, test } from "vitest";
import { check, examine, showReport } from "../../src/check/index.ts";
import { mapTree } from "../../src/tensor/tree.ts";

const model = sequential(unroll(lstm({ size: 6, input: 2 })), dense(1));
const params = model.init(random.key(0));
const inputs = random.normal(random.key(1), [4, 12, 2]);
/** The parameters with numbers of one leaf replaced. */
const changed = (path: string, f: (x: number, at: number) => number) =>
  mapTree(params, (t: Tensor, own) =>
    own === path ? tensor(Float32Array.from(t.data, f), { shape: t.shape }) : t,
  );

test("nothing is wrong with a model as it begins", () => {
  const { findings, states, gates, parameters } = examine(model, { params, inputs });
  expect(findings).toEqual([]);
  expect(parameters).toBe(4 * 6 * (2 + 6 + 1) + 7);
  expect(states).toEqual([
    { name: 'state "h"', units: 6, idle: 0 },
    { name: 'state "c"', units: 6, idle: 0 },
  ]);
  expect(gates.map(({ name }) => name)).toEqual([
    ...["logistic 1", "logistic 2", "logistic 3", "tanh 1", "tanh 2"],
  ]);
});

test("a number that is none is named with its parameter", () => {
  const broken = changed("0.Wh", (x, at) => (at === 5 || at === 9 ? Number.NaN : x));
  const { sound, sentence, certificate } = check(model, { params: broken, inputs });
  expect(sound).toBe(false);
  expect(sentence).toBe('2 of 144 numbers of parameter "0.Wh" are NaN or infinite.');
  expect(certificate).toBeUndefined();
});

test("units that were silenced are counted", () => {
  const relu = sequential(unroll(rnn({ size: 8, input: 2, activation: "relu" })));
  const own = relu.init(random.key(2));
  const silent = mapTree(own, (t: Tensor, path) =>
    path === "0.b" ? tensor(Float32Array.from(t.data, (x, i) => (i < 3 ? -50 : x))) : t,
  );
  const { findings } = examine(relu, { params: silent, inputs });
  expect(findings.map(({ code, sentence }) => [code, sentence])).toEqual([
    ["units-dead", '3 of 8 units of state "h" never move.'],
  ]);
});

test("gates that are shut are counted, and told where most of them are", () => {
  // Biases [4, 6] in the order i, f, g, o: the output gate of five units is shut.
  const shut = changed("0.b", (x, at) => (at >= 18 && at < 23 ? -40 : x));
  const { findings, gates } = examine(model, { params: shut, inputs });
  expect(gates.filter(({ idle }) => idle > 0)).toEqual([{ name: "logistic 1", units: 6, idle: 5 }]);
  expect(findings.map(({ code }) => code)).toContain("gates-stuck");
});

test("a state of which no unit moves is a fault: there is no memory", () => {
  const still = mapTree(params, (t: Tensor) =>
    tensor(new Float32Array(t.size), { shape: t.shape }),
  );
  const report = check(model, { params: still, inputs, steps: 5 });
  const { sound, sentence } = report;
  expect(sound).toBe(false);
  expect(sentence).toBe('6 of 6 units of state "h" never move.');
  expect(showReport(report)).toContain(`✗ units         ${sentence}\n                They add`);
});

test("gates that jump from end to end are counted too", () => {
  const steep = changed("0.Wx", (x) => 1e3 * x);
  const { gates } = examine(model, { params: steep, inputs });
  expect(gates[0]).toEqual({ name: "logistic 1", units: 6, idle: 6 });
});

test("a rate that is a parameter is no gate", () => {
  const slow = cell({
    name: "slow",
    params: ({ input, size }, init) => ({
      U: init.glorot([input, size]),
      rate: init.values([size], () => -9),
    }),
    state: ({ size }) => ({ h: [size] }),
    step({ h }, x, { U, rate }) {
      const next = h.add(rate.logistic().mul(x.dot(U).tanh().sub(h)));
      return { state: { h: next }, output: next };
    },
  })({ size: 4, input: 2 });
  const { gates, findings } = examine(slow, { inputs });
  expect(gates).toEqual([{ name: "tanh 1", units: 4, idle: 0 }]);
  expect(findings).toEqual([]);
});

test("one call tells all, with the truncation where there are batches", async () => {
  const { mse } = await import("retrograd/train");
  const own = sequential(unroll(gru({ size: 4, input: 2 })), dense(1));
  const batches = [{ inputs, targets: random.normal(random.key(4), [4, 12, 1]) }];
  const given = { params: own.init(random.key(3)), inputs, batches, loss: mse(), steps: 4 };
  const { sound, sentence, truncation, lint } = check(own, given);
  expect(sound).toBe(true);
  expect(sentence).toBe("The gradient agrees, and no promise is broken.");
  expect(truncation?.windows.map(({ window }) => window)).toEqual([8, 12]);
  expect(lint?.findings).toEqual([]);
  // All moments at once: there is no loop that could be cut.
  const parallel = sequential(
    unroll(lru({ size: 4, input: 2 }), { evaluation: "parallel" }),
    dense(1),
  );
  const wide = { params: parallel.init(random.key(3)), inputs, batches, loss: mse(), steps: 4 };
  const report = check(parallel, wide);
  expect(showReport(report)).toMatch(
    /^✓ weights {7}\d+ numbers.*\n✓ gradient {6}6 ways.*\n✓ behaviour {5}Repeatable, finite, causal/,
  );
  expect(report).toMatchObject({ sound: true, certificate: { agrees: true } });
  expect(report.truncation).toBeUndefined();
});

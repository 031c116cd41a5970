/** What is said next: rules against their definitions, searches against all there is to find. */
import fc from "fast-check";
import { random, tensor } from "retrograd";
import { gru } from "retrograd/cells";
import {
  beam,
  continued,
  continuing,
  dense,
  embedding,
  generate,
  greedy,
  nucleus,
  type Sampling,
  type Stepping,
  sequential,
  temperature,
  topK,
  unroll,
} from "retrograd/layers";
import { expect, test } from "vitest";

const logits = fc.array(fc.double({ min: -4, max: 4, noNaN: true }), {
  minLength: 1,
  maxLength: 8,
});
const shares = (rule: Sampling, z: number[]): number[] => {
  const weights = [...rule.weights(z)];
  const total = weights.reduce((a, b) => a + b);
  return weights.map((w) => w / total);
};
const softmax = (z: number[], by = 1): number[] => {
  const raised = z.map((x) => Math.exp(x / by));
  return raised.map((x) => x / raised.reduce((a, b) => a + b));
};

test("temperature is a softmax, and greedy the limit of it", () => {
  fc.assert(
    fc.property(logits, fc.double({ min: 0.2, max: 3, noNaN: true }), (z, by) => {
      const expected = softmax(z, by);
      shares(temperature(by), z).forEach((p, i) => expect(p).toBeCloseTo(expected[i], 10));
      expect(shares(greedy(), z).indexOf(1)).toBe(z.indexOf(Math.max(...z)));
    }),
  );
});

test("topK keeps the k likeliest in proportion", () => {
  fc.assert(
    fc.property(logits, fc.integer({ min: 1, max: 9 }), (z, k) => {
      const found = shares(topK(k, { temperature: 2 }), z);
      const least = [...z].sort((a, b) => b - a)[Math.min(k, z.length) - 1];
      expect(found.filter((p) => p > 0).length).toBe(Math.min(k, z.length));
      const all = softmax(z, 2);
      const mass = all.reduce((sum, p, i) => sum + (found[i] > 0 ? p : 0), 0);
      found.forEach((p, i) => {
        if (p > 0) expect(z[i]).toBeGreaterThanOrEqual(least);
        if (p > 0) expect(p).toBeCloseTo(all[i] / mass, 10);
      });
    }),
  );
});

test("the nucleus has a share of p, and less without its least likely symbol", () => {
  fc.assert(
    fc.property(logits, fc.double({ min: 0.01, max: 1, noNaN: true }), (z, p) => {
      const found = nucleus(p).weights(z);
      const all = softmax(z);
      const chosen = all.filter((_, i) => found[i] > 0);
      const left = all.filter((_, i) => found[i] === 0);
      const share = chosen.reduce((a, b) => a + b, 0);
      expect(share).toBeGreaterThanOrEqual(p - 1e-9);
      expect(share - Math.min(...chosen)).toBeLessThan(p + 1e-9);
      expect(Math.min(...chosen)).toBeGreaterThanOrEqual(Math.max(0, ...left));
    }),
  );
});

test("draws have the frequencies of their weights, and the same seed draws the same", () => {
  const z = [0, 1, 2, -Infinity];
  const flat: Stepping = { push: () => tensor(z), state: {}, reset: () => {} };
  const said = continued(flat, { start: 0, length: 20_000, seed: 5 });
  const expected = softmax([0, 1, 2]);
  expected.forEach((p, i) => {
    const share = said.filter((symbol) => symbol === i).length / said.length;
    expect(Math.abs(share - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / said.length));
  });
  expect(said.includes(3)).toBe(false);
  expect(continued(flat, { start: 0, length: 20, seed: 5 })).toEqual(said.slice(0, 20));
  expect(continued(flat, { start: 0, length: 20, seed: 6 })).not.toEqual(said.slice(0, 20));
  expect(continued(flat, { start: 0, length: 20, seed: 5, never: [2] })).not.toContain(2);
});

const [SYMBOLS, END] = [3, 0];
const model = sequential(embedding(SYMBOLS, 4), unroll(gru({ size: 5 })), dense(SYMBOLS));
const params = model.init(random.key(3));

/** Log probability of what a model says after `start`, by one pass over the whole. */
function logProbability(start: number, said: readonly number[]): number {
  const y = model.apply(params, tensor([[start, ...said]], { dtype: "int32" })).logSoftmax();
  return said.reduce((sum, symbol, t) => sum + y.slice(0, t, symbol).item(), 0);
}

test("a beam as wide as all continuations finds the best of them", () => {
  const LENGTH = 4;
  const all: number[][] = [];
  const grow = (said: number[]): void => {
    if (said.at(-1) === END || said.length === LENGTH) all.push(said);
    else for (let symbol = 0; symbol < SYMBOLS; symbol++) grow([...said, symbol]);
  };
  grow([]);
  for (const lengthPenalty of [0, 0.6, 2])
    for (const start of [1, 2]) {
      const scored = all.map((said) => ({
        said: said.filter((symbol) => symbol !== END),
        score: logProbability(start, said) / ((5 + said.length) / 6) ** lengthPenalty,
      }));
      const best = scored.reduce((a, b) => (b.score > a.score ? b : a));
      const sampling = beam(SYMBOLS ** LENGTH, { lengthPenalty });
      const options = { start, until: END, length: LENGTH, sampling, target: "reference" } as const;
      expect(generate(model, params, options)).toEqual(best.said);
    }
});

test("a beam of one is greedy, and a wider one finds here what is at least as probable", () => {
  for (const start of [1, 2]) {
    const options = { start, length: 8, target: "wasm" } as const;
    const [one, best, wide] = [beam(1), greedy(), beam(3)].map((sampling) =>
      generate(model, params, { ...options, sampling }),
    );
    expect(one).toEqual(best);
    expect(logProbability(start, wide)).toBeGreaterThanOrEqual(logProbability(start, best) - 1e-6);
  }
});

test("what was said is told to the model, and an end ends it", () => {
  const told: number[] = [];
  const counting: Stepping = {
    push(symbol) {
      told.push(symbol);
      return tensor([0, 1, 2, 3, 4].map((i) => (i === (symbol + 1) % 5 ? 9 : 0)));
    },
    state: {},
    reset: () => {},
  };
  const options = { start: [3, 1], until: 0, length: 9, sampling: greedy() };
  expect(continued(counting, options)).toEqual([2, 3, 4]);
  expect(told).toEqual([3, 1, 2, 3, 4]);
  expect(continued(counting, { ...options, length: 2 })).toEqual([2, 3]);
});

test("mistakes are told with their cure", () => {
  const message = (f: () => unknown): string => {
    try {
      f();
    } catch (error) {
      return (error as Error).message;
    }
    return "accepted";
  };
  const live = model.stream(params, { target: "reference" });
  expect(
    [
      () => temperature(0),
      () => nucleus(1.5),
      () => topK(0),
      () => beam(0),
      () => beam(2, { lengthPenalty: -1 }),
      () => nucleus(0.5, { temperature: Number.NaN }),
      () => continued(live, { start: [], length: 3 }),
      () => continued(live, { start: 1, length: -1 }),
      () => [...continuing(live, { start: 1, length: 3, sampling: beam(2) })],
      () => continued(live, { start: 1.5, length: 1 }),
      () => continued(live, { start: 1, length: 1, until: "a" as never }),
      () => continued(live, { start: 1, length: 1, sampling: "beam" as never }),
      () => continued(live, { start: 1, length: 1, never: [...Array(9).keys()] }),
    ]
      .map(message)
      .join("\n"),
  ).toMatchInlineSnapshot(`
    "temperature: given a temperature of 0; expected a number above 0, or greedy() for the likeliest symbol.
      Give a number above 0, or greedy() for the likeliest symbol.   (bad-argument)
    nucleus: given p = 1.5; expected a share above 0 and at most 1, such as nucleus(0.9).
      Give a share above 0 and at most 1, such as nucleus(0.9).   (bad-argument)
    topK: given 0; expected a whole number ≥ 1.
      Give a whole number ≥ 1.   (bad-argument)
    beam: width: given 0; expected a whole number ≥ 1.
      Give a whole number ≥ 1.   (bad-argument)
    beam: lengthPenalty: given -1; expected a number of at least 0.
      Give a number of at least 0.   (bad-argument)
    nucleus: given a temperature of NaN; expected a number above 0, or greedy() for the likeliest symbol.
      Give a number above 0, or greedy() for the likeliest symbol.   (bad-argument)
    generate: start: given nothing; expected a symbol, or several, after which the model goes on.
      Give a symbol, or several, after which the model goes on.   (bad-argument)
    generate: length: given -1; expected a whole number of symbols.
      Give a whole number of symbols.   (bad-argument)
    continuing: given beam(2), which knows its first symbol when it knows its last; expected a sampling that says one symbol after the other, or continued(…).
      Give a sampling that says one symbol after the other, or continued(…).   (bad-argument)
    generate: start: given 1.5; expected symbols, which are whole numbers from 0.
      Give symbols, which are whole numbers from 0.   (bad-argument)
    generate: until: given "a"; expected symbols, which are whole numbers from 0.
      Give symbols, which are whole numbers from 0.   (bad-argument)
    generate: sampling: given beam; expected greedy(), temperature(0.8), topK(40), nucleus(0.9) or beam(4).
      Give greedy(), temperature(0.8), topK(40), nucleus(0.9) or beam(4).   (bad-argument)
    generate: never: given all 3 symbols; expected at least one symbol less.
      Give at least one symbol less.   (bad-argument)"
  `);
});

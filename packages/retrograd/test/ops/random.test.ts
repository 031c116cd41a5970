/** Random numbers: published vectors, the same bits traced and at once, and the right moments. */
import { batch, jit, random, type Tensor, tensor } from "retrograd";
import { describe, expect, test } from "vitest";
import { threefry } from "../../src/ops/threefry.ts";

const hex = (words: readonly Int32Array[]) => words.map(([w]) => (w >>> 0).toString(16)).join(" ");

test.each([
  ["zeros", [0, 0], [0, 0], "6b200159 99ba4efe"],
  ["ones", [-1, -1], [-1, -1], "1cb996fc bb002be7"],
  ["π", [0x13198a2e, 0x03707344], [0x243f6a88, 0x85a308d3], "c4923a9c 483df7a0"],
] as const)("the published vector of Random123: %s", (_, key, counter, want) => {
  expect(hex(threefry([key[0] | 0, key[1] | 0], counter[1] | 0, 1, counter[0] | 0))).toBe(want);
});

test("bits are the first word of threefry(key, place)", () => {
  const key = random.key(5);
  const want = [0, 1, 2, 3, 4, 5].map((i) => threefry(key.data, 0, 1, i)[0][0]);
  expect([...random.bits(key, [2, 3]).data]).toEqual(want);
});

const p = tensor([0.4, 0.5, 0.6, 0.3, 0.7, 0.5, 0.5, 0.5]);
const logits = tensor([
  [0, 1, 2],
  [3, 0, 0],
]);
const draws: [string, (key: Tensor) => Tensor | Tensor[]][] = [
  ["bits", (k) => random.bits(k, [3, 2, 2])],
  ["uniform", (k) => random.uniform(k, [5])],
  ["uniform in float64", (k) => random.uniform(k, [5], { dtype: "float64", min: 2, max: 5 })],
  ["normal", (k) => random.normal(k, [7])],
  ["normal in float64", (k) => random.normal(k, [4], { dtype: "float64", mean: 1, deviation: 2 })],
  ["bernoulli", (k) => random.bernoulli(k, 0.3, [9])],
  ["bernoulli of a tensor", (k) => random.bernoulli(k, p)],
  ["integers", (k) => random.integers(k, -2, 5, [9])],
  ["permutation", (k) => random.permutation(k, 6)],
  ["categorical", (k) => random.categorical(k, logits)],
  ["split", (k) => random.split(k, 3)],
  ["fold", (k) => random.fold(k, 12)],
  ["fold by a tensor", (k) => random.fold(k, tensor(12, { dtype: "int32" }))],
];

describe.each(draws)("%s", (_, f) => {
  const key = random.key(1234567890123);
  const list = (x: Tensor | Tensor[]) => (Array.isArray(x) ? x : [x]).map((t) => t.toArray());
  test("a traced key draws the same numbers as a known one", () => {
    expect(list(jit(f, { target: "reference" })(key))).toEqual(list(f(key)));
  });
  test("one key gives the same again, another one something else", () => {
    expect(list(f(key))).toEqual(list(f(random.key(1234567890123))));
    expect(list(f(key))).not.toEqual(list(f(random.key(2))));
  });
  test("a batch of keys draws what each of them draws", () => {
    const keys = random.split(key, 2);
    const all = tensor(
      keys.flatMap((k) => [...k.data]),
      { dtype: "int32" },
    ).reshape([2, 2]);
    const got = batch((k: Tensor) => [f(k)].flat())(all) as Tensor[];
    keys.forEach((k, i) => {
      expect(got.map((t) => t.at(i).toArray())).toEqual(list(f(k)));
    });
  });
});

describe("statistics of 20,000 draws lie within 4 standard errors", () => {
  const n = 20_000;
  const key = random.key(7);
  const near = (x: number, want: number, error: number) =>
    expect(Math.abs(x - want)).toBeLessThan(4 * error);

  test("uniform", () => {
    const x = random.uniform(key, [n], { dtype: "float64" });
    near(x.mean().item(), 1 / 2, Math.sqrt(1 / 12 / n));
    near(x.square().mean().item(), 1 / 3, Math.sqrt(4 / 45 / n));
    expect(x.min().item()).toBeGreaterThanOrEqual(0);
    expect(x.max().item()).toBeLessThan(1);
    const neighbours = x.sub(0.5).mul(x.sub(0.5).roll(1)).mean().item();
    near(neighbours, 0, 1 / 12 / Math.sqrt(n));
  });
  test.each(["float32", "float64"] as const)("normal, %s", (dtype) => {
    const x = random.normal(key, [n], { dtype });
    near(x.mean().item(), 0, Math.sqrt(1 / n));
    near(x.square().mean().item(), 1, Math.sqrt(2 / n));
    near(x.pow(4).mean().item(), 3, Math.sqrt(96 / n));
    near(x.abs().less(1).cast("float32").mean().item(), 0.6827, Math.sqrt(0.22 / n));
  });
  test("integers and permutations hit everything equally often", () => {
    const counts = random.integers(key, 2, 7, [n]).sub(2).oneHot(5).sum(0);
    for (const count of counts.data) near(count / n, 1 / 5, Math.sqrt(0.16 / n));
    expect(random.permutation(key, 50).sort().toArray()).toEqual([...Array(50).keys()]);
  });
  test("categorical and bernoulli keep to their probabilities", () => {
    const wide = tensor([1, 2, 7]).log().broadcastTo([n, 3]);
    const share = random.categorical(key, wide).oneHot(3).mean(0);
    [0.1, 0.2, 0.7].forEach((want, i) =>
      near(share.data[i], want, Math.sqrt((want - want ** 2) / n)),
    );
    near(random.bernoulli(key, 0.25, [n]).cast("float32").mean().item(), 0.25, Math.sqrt(0.19 / n));
  });
  test("keys split off a key, and folded into it, do not repeat its draws", () => {
    const keys = [key, ...random.split(key, 3), random.fold(key, 0), random.fold(key, 1)];
    const all = keys.map((k) => random.uniform(k, [n], { dtype: "float64" }).sub(0.5));
    all.forEach((x, i) => {
      for (const y of all.slice(i + 1)) near(x.mul(y).mean().item(), 0, 1 / 12 / Math.sqrt(n));
    });
  });
});

/** The generator against its published answers; orders that are permutations and repeat by seed. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bucketByLength, epochBatches, padSequences } from "../../src/data/batches.ts";
import { permutation, threefry } from "../../src/data/shuffle.ts";

const hex = (pair: [number, number]) =>
  pair.map((word) => word.toString(16).padStart(8, "0")).join(" ");
const sorted = (order: Iterable<number>) => [...order].sort((a, b) => a - b);
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

describe("threefry-2x32-20", () => {
  test("known-answer tests of Random123", () => {
    expect(hex(threefry([0, 0], [0, 0]))).toBe("6b200159 99ba4efe");
    expect(hex(threefry([0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff]))).toBe(
      "1cb996fc bb002be7",
    );
    expect(hex(threefry([0x13198a2e, 0x03707344], [0x243f6a88, 0x85a308d3]))).toBe(
      "c4923a9c 483df7a0",
    );
  });
});

describe("orders", () => {
  const seed = fc.maxSafeNat();
  test("every order is a permutation, the same for the same seed and epoch", () => {
    fc.assert(
      fc.property(fc.nat(300), seed, fc.nat(), (count, seed, epoch) => {
        const order = permutation(count, seed, epoch);
        expect(sorted(order)).toEqual(upTo(count));
        expect(permutation(count, seed, epoch)).toEqual(order);
      }),
    );
  });
  test("epochs and seeds differ, high bits included", () => {
    const orders = [
      permutation(50, 1, 0),
      permutation(50, 1, 1),
      permutation(50, 2, 0),
      permutation(50, 2 ** 32 + 1, 0),
    ];
    expect(new Set(orders.map(String)).size).toBe(4);
  });
  test("the order of a seed never changes", () => {
    expect(Array.from(permutation(10, 0, 0))).toMatchInlineSnapshot(`
      [
        7,
        6,
        4,
        0,
        8,
        5,
        9,
        3,
        1,
        2,
      ]
    `);
  });
  test("all 24 orders of 4 are equally likely", () => {
    const counts = new Map<string, number>();
    const draws = 24_000;
    for (let epoch = 0; epoch < draws; epoch++) {
      const key = permutation(4, 7, epoch).join("");
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    const chi = [...counts.values()].reduce(
      (sum, n) => sum + (n - draws / 24) ** 2 / (draws / 24),
      0,
    );
    expect(chi).toBeLessThan(49.7); // χ² with 23 degrees of freedom, p = 0.001
  });
});

describe("batches", () => {
  test("every sample is in one batch; a dropped last batch loses only its own", () => {
    fc.assert(
      fc.property(fc.nat(100), fc.integer({ min: 1, max: 20 }), fc.nat(), (count, batch, seed) => {
        const kept = epochBatches(count, { batch, seed });
        expect(sorted(kept.flatMap((one) => [...one]))).toEqual(upTo(count));
        const whole = epochBatches(count, { batch, seed, last: "drop" });
        expect(whole).toEqual(kept.filter((one) => one.length === batch));
      }),
    );
  });
  test("without a seed the order stays", () => {
    expect(epochBatches(5, { batch: 2 }).map((one) => [...one])).toEqual([[0, 1], [2, 3], [4]]);
  });
  test("buckets hold every sample once, and neighbours in length", () => {
    const lengths = fc.array(fc.nat(30), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 8 }), fc.nat(), (lengths, batch, seed) => {
        const buckets = bucketByLength(lengths, { batch, seed });
        expect(sorted(buckets.flatMap((one) => [...one]))).toEqual(upTo(lengths.length));
        const spans = buckets
          .map((one) => [...one].map((i) => lengths[i]))
          .map((held) => [Math.min(...held), Math.max(...held)])
          .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
        for (let i = 1; i < spans.length; i++)
          expect(spans[i][0]).toBeGreaterThanOrEqual(spans[i - 1][1]);
      }),
    );
  });
  test("padding", () => {
    const padded = padSequences([[1, 2, 3, 4], [5, 6], []], { features: 2 });
    expect(Array.from(padded.values)).toEqual([1, 2, 3, 4, 5, 6, 0, 0, 0, 0, 0, 0]);
    expect(Array.from(padded.mask)).toEqual([1, 1, 1, 0, 0, 0]);
    expect([Array.from(padded.lengths), padded.time]).toEqual([[2, 1, 0], 2]);
  });
});

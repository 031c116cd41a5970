/** Differences against derivatives known in closed form, and kinks against |t|. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { slopeOf } from "../../src/check/differences.ts";

test.each([
  ["sin", (x: number) => Math.sin(x), (x: number) => Math.cos(x)],
  ["exp", (x: number) => Math.exp(x), (x: number) => Math.exp(x)],
  ["a quintic", (x: number) => x ** 5 - 3 * x ** 2, (x: number) => 5 * x ** 4 - 6 * x],
  ["one that turns fast", (x: number) => Math.sin(60 * x), (x: number) => 60 * Math.cos(60 * x)],
] as const)("%s: to its stated error, everywhere", (_, f, slope) => {
  fc.assert(
    fc.property(fc.double({ min: -2, max: 2, noNaN: true }), (x) => {
      const found = slopeOf((t) => f(x + t), f(x), 1);
      expect(found.smooth).toBe(true);
      expect(Math.abs(found.value - slope(x))).toBeLessThanOrEqual(found.error);
      expect(found.error).toBeLessThan(1e-6);
    }),
  );
});

test("a kink at the point is seen, with its size", () => {
  const found = slopeOf((t) => Math.abs(t) + 0.25 * t + t * t, 0, 1);
  expect(found.smooth).toBe(false);
  expect(found.kink).toBeCloseTo(2, 6);
  expect(found.value).toBeCloseTo(0.25, 6);
});

test("a kink beside the point is stepped past", () => {
  for (const away of [3e-4, 3e-5, 3e-6]) {
    const found = slopeOf((t) => Math.abs(t - away), away, 1);
    expect(found.smooth).toBe(true);
    expect(found.value).toBeCloseTo(-1, 6);
  }
});

test("a jump has no slope, and what is not a number says so", () => {
  expect(slopeOf((t) => Math.sign(t), 0, 1).smooth).toBe(false);
  expect(slopeOf((t) => Math.sqrt(t), 0, 1).smooth).toBe(false);
});

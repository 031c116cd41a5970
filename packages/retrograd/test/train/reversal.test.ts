/** The binomial schedule against the best of all schedules, found by trying every first part. */
import { expect, test } from "vitest";
import {
  passedThrough,
  passesFor,
  type Reversal,
  reach,
  reversal,
} from "../../src/train/reversal.ts";

/** Least segments passed through, over every place to cut and every cut of what follows. */
function leastWork(count: number, places: number, known = new Map<string, number>()): number {
  if (places >= count) return count;
  if (places < 2) return Infinity;
  const name = `${count} ${places}`;
  if (!known.has(name)) {
    let best = Infinity;
    for (let m = 1; m < count; m++) {
      const late = leastWork(count - m, places - 1, known);
      best = Math.min(best, m + late + leastWork(m, places, known));
    }
    known.set(name, best);
  }
  return known.get(name)!;
}

/** Walks a schedule as it runs: what is kept at most, and which segments come back in what order. */
function walk(r: Reversal, first: number, held: number): { most: number; back: number[] } {
  if (!r.early) {
    const back = Array.from({ length: r.count }, (_, k) => first + r.count - 1 - k);
    return { most: held + r.count, back };
  }
  const late = walk(r.late, first + r.early.count, held + 1);
  const early = walk(r.early, first, held);
  return { most: Math.max(late.most, early.most), back: [...late.back, ...early.back] };
}

test("no schedule with as many places works much less", () => {
  for (let places = 2; places <= 7; places++)
    for (let count = 1; count <= 60; count++) {
      const [own, least] = [passedThrough(reversal(count, places)), leastWork(count, places)];
      expect(own).toBeGreaterThanOrEqual(least);
      expect(own).toBeLessThanOrEqual(1.03 * least);
    }
});

test("the places suffice, and every segment comes back once, the last first", () => {
  for (let places = 2; places <= 6; places++)
    for (const count of [1, 2, 3, 7, 20, 57]) {
      const { most, back } = walk(reversal(count, places), 0, 0);
      expect(most).toBe(Math.min(places, count));
      expect(back).toEqual(Array.from({ length: count }, (_, k) => count - 1 - k));
    }
});

test("with three more passes, six places reach as far as the formula says", () => {
  expect(reach(6, 3)).toBe(56); // 8! / (3! 5!)
  expect(passesFor(56, 6)).toBe(3);
  expect(passesFor(57, 6)).toBe(4);
  expect(reach(Infinity, 1)).toBe(Infinity);
});

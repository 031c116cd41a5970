/** Schedules: their values, alone and one after another. */
import { describe, expect, test } from "vitest";
import { constantRate, cosine, plateau, stepDown, warmUp } from "../../src/train/index.ts";

const values = (
  schedule: { initial: any; factor(step: number, state: any): number },
  at: number[],
) => at.map((step) => schedule.factor(step, schedule.initial));

test("constant", () => expect(values(constantRate(), [0, 7])).toEqual([1, 1]));

test("step: a factor after every so many", () =>
  expect(values(stepDown(10, { factor: 0.5 }), [0, 9, 10, 19, 20, 30])).toEqual([
    ...[1, 1, 0.5, 0.5, 0.25, 0.125],
  ]));

test("cosine: from 1 to its floor, where it stays", () => {
  const [first, quarter, half, end, later] = values(
    cosine(100, { floor: 0.1 }),
    [0, 25, 50, 100, 200],
  );
  expect(first).toBe(1);
  expect(quarter).toBeCloseTo(0.1 + 0.9 * (0.5 + Math.SQRT1_2 / 2), 14);
  expect(half).toBeCloseTo(0.55, 14);
  expect(end).toBeCloseTo(0.1, 14);
  expect(later).toBe(end);
});

test("warm-up, then what follows counts from there", () => {
  const schedule = warmUp(4, cosine(10));
  expect(values(schedule, [0, 1, 2, 3])).toEqual([0.25, 0.5, 0.75, 1]);
  expect(values(schedule, [4, 9, 14])).toEqual(values(cosine(10), [0, 5, 10]));
  expect(values(warmUp(2), [0, 1, 50])).toEqual([0.5, 1, 1]);
});

describe("plateau", () => {
  const schedule = plateau({ factor: 0.5, patience: 2, threshold: 0.1, floor: 0.2 });
  const after = (losses: number[]) =>
    losses.reduce((state, loss) => schedule.observe!(state, loss), schedule.initial).factor;

  test("falls when more than `patience` validations brought nothing", () => {
    expect(after([1, 1, 1])).toBe(1);
    expect(after([1, 1, 1, 1])).toBe(0.5);
    expect(after([1, 1, 1, 1, 1, 1])).toBe(0.5);
    expect(after([1, 1, 1, 1, 1, 1, 1])).toBe(0.25);
  });
  test("an improvement below the threshold does not count", () => {
    expect(after([1, 0.95, 0.92, 0.91])).toBe(0.5);
    expect(after([1, 0.95, 0.92, 0.8, 0.8, 0.8])).toBe(1);
  });
  test("never falls below its floor", () => expect(after(new Array(20).fill(1))).toBe(0.2));
  test("its state is plain data, and warm-up hands it on", () => {
    const warm = warmUp(3, schedule);
    let state = warm.initial;
    for (const loss of [1, 1, 1, 1]) state = JSON.parse(JSON.stringify(warm.observe!(state, loss)));
    expect(warm.factor(1, state)).toBeCloseTo(2 / 3, 14);
    expect(warm.factor(3, state)).toBe(0.5);
  });
});

test("a length must be a whole number", () => {
  expect(() => cosine(0)).toThrowErrorMatchingSnapshot();
  expect(() => warmUp(1.5)).toThrowErrorMatchingSnapshot();
  expect(() => stepDown(undefined as never)).toThrow(/stepDown: given every = NaN/);
  expect(() => plateau({ wait: 3 } as never)).toThrow(/plateau: "wait" is not known/);
});

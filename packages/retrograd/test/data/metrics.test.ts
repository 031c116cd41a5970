/** Baselines and measures against values worked out by hand, and against each other. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { drift, meanForecast, naive, seasonalNaive } from "../../src/data/baselines.ts";
import { mae, mase, rmse, smape } from "../../src/data/metrics.ts";

const list = (values: Float64Array) => Array.from(values);

describe("baselines", () => {
  test("by hand", () => {
    expect(list(naive([1, 5, 3], 2))).toEqual([3, 3]);
    expect(list(seasonalNaive([1, 2, 3, 4, 5], 7, 3))).toEqual([3, 4, 5, 3, 4, 5, 3]);
    expect(list(drift([1, 9, 7], 3))).toEqual([10, 13, 16]);
    expect(list(meanForecast([1, 2, 6], 2))).toEqual([3, 3]);
  });
  test("missing values are stepped over", () => {
    const gap = Number.NaN;
    expect(list(naive([1, 5, gap], 1))).toEqual([5]);
    expect(list(seasonalNaive([1, 2, 3, gap], 2, 2))).toEqual([3, 2]);
    expect(list(drift([gap, 1, 3, gap], 1))).toEqual([7]);
    expect(list(meanForecast([gap, 4, 2], 1))).toEqual([3]);
  });
  test("seasonal naive of period 1 is naive; drift continues a line", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer(), { minLength: 2 }),
        fc.integer({ min: 1, max: 9 }),
        (past, horizon) => {
          expect(seasonalNaive(past, horizon, 1)).toEqual(naive(past, horizon));
          const line = past.map((_, t) => 3 * t + 1);
          drift(line, horizon).forEach((y, h) =>
            expect(y).toBeCloseTo(3 * (past.length + h) + 1, 9),
          );
        },
      ),
    );
  });
});

describe("measures", () => {
  const scored = { actual: [1, 2, 3], forecast: [1, 4, 2] };
  test("by hand", () => {
    expect(rmse(scored)).toBeCloseTo(Math.sqrt(5 / 3), 15);
    expect(mae(scored)).toBe(1);
    expect(smape(scored)).toBeCloseTo((0 + 400 / 6 + 200 / 5) / 3, 12);
    expect(mase(scored, [1, 2, 4, 7], 1)).toBe(0.5);
    expect(mase(scored, [1, 2, 4, 8], 2)).toBeCloseTo(1 / 4.5, 15);
  });
  test("masked values do not count", () => {
    expect(mae({ ...scored, mask: [1, 0, 1] })).toBe(0.5);
  });
  test("nothing and nothing forecast is no error", () => {
    expect(smape({ actual: [0], forecast: [0] })).toBe(0);
  });
  test("MASE does not depend on the unit", () => {
    const values = fc.array(
      fc.integer({ min: -10_000, max: 10_000 }).map((n) => n / 100),
      {
        minLength: 8,
        maxLength: 8,
      },
    );
    fc.assert(
      fc.property(values, fc.constantFrom(0.5, 4, 1024), (values, unit) => {
        const [training, actual, forecast] = [
          values.slice(0, 4),
          values.slice(4, 6),
          values.slice(6),
        ];
        fc.pre(Math.abs(training[1] - training[0]) > 1e-9);
        const times = (list: number[]) => list.map((y) => y * unit);
        const scaled = mase({ actual: times(actual), forecast: times(forecast) }, times(training));
        expect(scaled).toBe(mase({ actual, forecast }, training));
      }),
    );
  });
});

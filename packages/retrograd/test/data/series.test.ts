/**
 * Series: the grid is found through gaps and clock changes, and filling never looks ahead unasked.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatTime } from "../../src/data/dates.ts";
import { inferFrequency, seasonFor, timeAfter } from "../../src/data/frequency.ts";
import { autocorrelation, seasonalPeriod } from "../../src/data/seasons.ts";
import { readSeries, type SeriesOptions } from "../../src/data/series.ts";
import { readTable, tableFromColumns } from "../../src/data/table.ts";

const read = (text: string, options: SeriesOptions = {}) => readSeries(readTable(text), options);
const grid = (dates: string[]) => {
  const found = inferFrequency(Float64Array.from(dates, (date) => Date.parse(date)));
  return "misses" in found ? found : [found.frequency.name, Array.from(found.places)];
};

describe("frequency", () => {
  test("hours, days, weeks, with holes", () => {
    expect(grid(["2000-01-01T00:00Z", "2000-01-01T01:00Z", "2000-01-01T03:00Z"])).toEqual([
      "hourly",
      [0, 1, 3],
    ]);
    expect(grid(["2000-01-01", "2000-01-02", "2000-01-03", "2000-01-06"])).toEqual([
      "daily",
      [0, 1, 2, 5],
    ]);
    expect(grid(["2000-01-01", "2000-01-08", "2000-01-22"])).toEqual(["weekly", [0, 1, 3]]);
  });
  test("months of unequal length, quarters, years, month ends", () => {
    expect(grid(["2000-01-31", "2000-02-29", "2000-03-31", "2000-05-31"])).toEqual([
      "monthly",
      [0, 1, 2, 4],
    ]);
    expect(grid(["2000-01-01", "2000-04-01", "2000-07-01"])).toEqual(["quarterly", [0, 1, 2]]);
    expect(grid(["1999-01-01", "2000-01-01", "2001-01-01"])).toEqual(["yearly", [0, 1, 2]]);
  });
  test("a day of 23 or 25 hours is a day", () => {
    const spring = ["2021-03-27T00:00+01:00", "2021-03-28T00:00+01:00", "2021-03-29T00:00+02:00"];
    const autumn = ["2021-10-30T00:00+02:00", "2021-10-31T00:00+02:00", "2021-11-01T00:00+01:00"];
    expect(grid(spring)).toEqual(["daily", [0, 1, 2]]);
    expect(grid(autumn)).toEqual(["daily", [0, 1, 2]]);
    expect(
      grid(["2021-01-01T00:00+01:00", "2021-04-01T00:00+02:00", "2021-07-01T00:00+02:00"]),
    ).toEqual(["quarterly", [0, 1, 2]]);
  });
  test("weekdays", () => {
    const days = Array.from({ length: 21 }, (_, d) => new Date(Date.UTC(2024, 0, 1 + d)));
    const work = days.filter((day) => day.getUTCDay() % 6 !== 0);
    work.splice(7, 1);
    const found = inferFrequency(Float64Array.from(work, Number));
    expect(found).toMatchObject({ frequency: { unit: "weekday" } });
    expect(Array.from("places" in found ? found.places : [])).toEqual([
      0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14,
    ]);
  });
  test("jitter is no gap, and a time off the grid is found", () => {
    const start = Date.UTC(2020, 0, 1);
    const jittered = Float64Array.from(
      { length: 100 },
      (_, i) => start + i * 300_000 + (i % 7) * 1500,
    );
    expect(inferFrequency(jittered)).toMatchObject({ frequency: { name: "every 5 minutes" } });
    expect(
      grid(["2000-01-01T00:00Z", "2000-01-01T01:00Z", "2000-01-01T02:00Z", "2000-01-01T02:30Z"]),
    ).toEqual({
      misses: 3,
    });
  });
  test("timeAfter continues any rhythm that inferFrequency finds", () => {
    const rhythm = fc.constantFrom(
      { unit: "hour" as const, count: 1, name: "" },
      { unit: "minute" as const, count: 10, name: "" },
      { unit: "week" as const, count: 1, name: "" },
      { unit: "weekday" as const, count: 1, name: "" },
      { unit: "month" as const, count: 3, name: "", monthEnd: true },
      { unit: "month" as const, count: 1, name: "" },
    );
    const start = fc.integer({ min: 0, max: 20_000 }).map((week) => (week * 7 + 4) * 86_400_000);
    fc.assert(
      fc.property(rhythm, start, fc.integer({ min: 1, max: 500 }), (rhythm, monday, steps) => {
        const date = new Date(monday);
        const first = rhythm.monthEnd
          ? Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)
          : rhythm.unit === "month"
            ? Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 15)
            : monday;
        const times = Float64Array.from({ length: 40 }, (_, i) => timeAfter(rhythm, first, i));
        const found = inferFrequency(times);
        expect(found).toMatchObject({ frequency: { unit: rhythm.unit, count: rhythm.count } });
        const direct = timeAfter(rhythm, first, steps);
        expect(timeAfter(rhythm, timeAfter(rhythm, first, steps - 1), 1)).toBe(direct);
      }),
    );
  });
  test("seasons follow from the unit", () => {
    const season = (unit: "hour" | "minute" | "day" | "week" | "month", count: number) =>
      seasonFor({ unit, count, name: "" });
    expect([season("hour", 1), season("minute", 10), season("day", 1), season("week", 1)]).toEqual([
      24, 144, 7, 52,
    ]);
    expect([
      season("month", 1),
      season("month", 3),
      season("month", 12),
      season("hour", 5),
    ]).toEqual([12, 4, 1, 1]);
  });
});

describe("steps", () => {
  const gappy = "t,y\n2000-01-05,5\n2000-01-01,1\n2000-01-02,\n2000-01-03,3\n";
  test("rows are sorted, gaps become steps, the mask tells what was observed", () => {
    const { series, frequency } = read(gappy);
    expect(frequency.name).toBe("daily");
    expect(Array.from(series[0].values)).toEqual([1, 1, 3, 3, 5]);
    expect(Array.from(series[0].observed)).toEqual([1, 0, 1, 0, 1]);
    expect(formatTime(series[0].times[3])).toBe("2000-01-04");
  });
  test("interpolate, drop", () => {
    expect(Array.from(read(gappy, { missing: "interpolate" }).series[0].values)).toEqual([
      1, 2, 3, 4, 5,
    ]);
    expect(Array.from(read(gappy, { missing: "drop" }).series[0].values)).toEqual([1, 3, 5]);
  });
  test("steps before the first value are cut off, not filled from the future", () => {
    const { series } = read("t,y,x\n1,,7\n2,5,\n3,6,8\n", { covariates: ["x"] });
    expect(Array.from(series[0].values)).toEqual([5, 7, 6, 8]);
    expect(Array.from(series[0].observed)).toEqual([1, 0, 1, 1]);
  });
  test("forward filling depends on the past only", () => {
    const cells = fc.array(fc.option(fc.integer(), { nil: null }), { minLength: 2, maxLength: 30 });
    fc.assert(
      fc.property(cells, fc.nat(), fc.integer(), (cells, at, change) => {
        cells[0] = 0;
        const t = 1 + (at % (cells.length - 1));
        const changed = cells.map((cell, i) => (i >= t ? change : cell));
        const fill = (y: (number | null)[]) => readSeries(tableFromColumns({ y })).series[0].values;
        expect(fill(changed).slice(0, t)).toEqual(fill(cells).slice(0, t));
      }),
    );
  });
  test("mean and last of rows at one time", () => {
    const text = "t,y\n2000-01-01,1\n2000-01-01,3\n2000-01-02,5\n";
    expect(Array.from(read(text, { duplicates: "mean", group: null }).series[0].values)).toEqual([
      2, 5,
    ]);
    expect(Array.from(read(text, { duplicates: "last", group: null }).series[0].values)).toEqual([
      3, 5,
    ]);
  });
  test("irregular rows may be kept in order", () => {
    const text =
      "t,y\n2000-01-01 00:00,1\n2000-01-01 01:00,2\n2000-01-01 02:00,3\n2000-01-01 02:29,4\n";
    const { series, frequency } = read(text, { irregular: "keep" });
    expect(Array.from(series[0].values)).toEqual([1, 2, 3, 4]);
    expect(frequency.unit).toBe("row");
  });
});

describe("roles", () => {
  const shops =
    "day,shop,sales\n2000-01-01,a,1\n2000-01-01,b,10\n2000-01-02,a,2\n2000-01-02,b,20\n2000-01-03,a,3\n2000-01-03,b,30\n";
  test("a grouping column is found where times repeat", () => {
    const set = read(shops);
    expect(set.group).toBe("shop");
    expect(set.series.map(({ name, values }) => [name, Array.from(values)])).toEqual([
      ["a", [1, 2, 3]],
      ["b", [10, 20, 30]],
    ]);
    expect(set.notes).toEqual([
      'Time is "day" (YYYY-MM-DD).',
      'Times repeat: each "shop" is a series of its own.',
      'The forecast is of "sales".',
      "2 series, 6 steps, daily.",
    ]);
  });
  test("years and quarters are one time", () => {
    const set = read("year,quarter,gdp\n1999,4,1\n2000,1,2\n2000,2,3\n2000,3,4\n");
    expect([set.frequency.name, set.season]).toEqual(["quarterly", 4]);
    expect(formatTime(set.series[0].times[3])).toBe("2000-07-01");
  });
  test("without dates the rows are time", () => {
    expect(read("y\n3\n1\n2\n")).toMatchObject({ time: null, season: 1, features: ["y"] });
  });
  test("several targets and covariates, targets first", () => {
    const set = read("t,a,b,c\n1,1,2,3\n2,4,5,6\n", {
      target: ["c", "a"],
      covariates: ["b"],
      time: "t",
    });
    expect([set.features, set.targets]).toEqual([["c", "a", "b"], 2]);
    expect(Array.from(set.series[0].values)).toEqual([3, 1, 2, 6, 4, 5]);
  });
});

describe("seasons", () => {
  const wave = (n: number, period: number, slope = 0) =>
    Float64Array.from({ length: n }, (_, t) => Math.sin((2 * Math.PI * t) / period) + slope * t);
  test("autocorrelation against the sum by hand", () => {
    // y = 1, 2, 3, 4: mean 2.5; Σ(y − m)² = 5; lag 1: 0.75 − 0.25 + 0.75 = 1.25
    expect(autocorrelation([1, 2, 3, 4], 1)).toBeCloseTo(0.25, 14);
    expect(autocorrelation([1, 1, 1], 1)).toBe(0);
  });
  test("the true period is chosen, with a trend and with missing values", () => {
    const values = wave(240, 12, 0.3);
    values[17] = values[100] = Number.NaN;
    expect(seasonalPeriod(values, [7, 12, 24]).period).toBe(12);
  });
  test("a line and a random walk have no season", () => {
    expect(
      seasonalPeriod(
        wave(100, 12, 0).map((_, t) => t),
        [12],
      ).period,
    ).toBe(1);
    let level = 0;
    let bits = 1;
    const walk = Float64Array.from({ length: 400 }, () => {
      bits = (bits * 48271) % 2147483647;
      level += bits / 2147483647 - 0.5;
      return level;
    });
    expect(seasonalPeriod(walk, [12]).period).toBe(1);
  });
});

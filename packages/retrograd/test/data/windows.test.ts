/** Splits, windows and streams: everything is covered, nothing twice, and no target leaks. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { frequency } from "../../src/data/frequency.ts";
import type { Series } from "../../src/data/series.ts";
import { type Part, splitSeries } from "../../src/data/split.ts";
import { makeStreams } from "../../src/data/streams.ts";
import { makeWindows, takeWindows } from "../../src/data/windows.ts";

/** A series whose value at step t is 1000 s + t, with a second feature that is its negative. */
const ramp = (s: number, length: number): Series => ({
  name: `series ${s}`,
  frequency: frequency("row", 1),
  times: Float64Array.from({ length }, (_, t) => t),
  values: Float64Array.from(
    { length: 2 * length },
    (_, i) => (i % 2 ? -1 : 1) * (1000 * s + (i >> 1)),
  ),
  observed: new Uint8Array(2 * length).fill(1),
});
const sourceOf = (lengths: number[]) => ({
  series: lengths.map((length, s) => ramp(s + 1, length)),
  features: ["y", "x"],
  targets: 1,
});
const whole = (lengths: number[]): Part[] =>
  lengths.map((length, series) => ({ series, start: 0, end: length }));
const small = (max: number) => fc.integer({ min: 1, max });

describe("splits", () => {
  test("parts follow each other, cover the series and do not overlap", () => {
    const share = fc.oneof(
      fc.double({ min: 0, max: 0.45, noNaN: true }),
      fc.integer({ min: 4, max: 20 }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 60, max: 300 }), share, share, (length, validation, test) => {
        const { series } = sourceOf([length]);
        const split = splitSeries(series, {
          validation,
          test,
          input: 3,
          horizon: 2,
          short: "skip",
        });
        const parts = [...split.train, ...split.validation, ...split.test];
        expect(parts[0].start).toBe(0);
        for (let i = 1; i < parts.length; i++) expect(parts[i].start).toBe(parts[i - 1].end);
        expect(parts.at(-1)?.end).toBe(length);
        if (test >= 1) expect(split.test[0].end - split.test[0].start).toBe(test);
      }),
    );
  });
  test("short series are skipped when asked", () => {
    const { series } = sourceOf([100, 5]);
    expect(splitSeries(series, { input: 10, short: "skip" })).toMatchObject({ skipped: [1] });
  });
});

describe("windows", () => {
  test("each target of a part is covered exactly once by windows a horizon apart", () => {
    fc.assert(
      fc.property(
        fc.array(small(60), { minLength: 1, maxLength: 3 }),
        small(8),
        small(5),
        (more, input, horizon) => {
          const lengths = more.map((n) => n + input + horizon);
          const source = sourceOf(lengths);
          const windows = makeWindows(source, whole(lengths), { input, horizon, stride: horizon });
          const seen = new Set<number>();
          const batch = takeWindows(
            windows,
            Array.from({ length: windows.count }, (_, i) => i),
            { dtype: "float64" },
          );
          for (const y of batch.targets) {
            expect(seen.has(y)).toBe(false);
            seen.add(y);
          }
          const wanted = lengths.reduce(
            (sum, n) => sum + Math.floor((n - input) / horizon) * horizon,
            0,
          );
          expect(seen.size).toBe(wanted);
        },
      ),
    );
  });
  test("inputs end just before their targets, and every start is used with stride 1", () => {
    fc.assert(
      fc.property(small(40), small(8), small(5), (more, input, horizon) => {
        const length = more + input + horizon;
        const source = sourceOf([length]);
        const windows = makeWindows(source, whole([length]), { input, horizon });
        expect(windows.count).toBe(more + 1);
        const pick = [0, windows.count - 1];
        const batch = takeWindows(windows, pick, { dtype: "float64" });
        pick.forEach((w, row) => {
          for (let t = 0; t < input; t++) {
            expect(batch.inputs[(row * input + t) * 2]).toBe(1000 + w + t);
            expect(batch.inputs[(row * input + t) * 2 + 1]).toBe(-(1000 + w + t));
          }
          for (let h = 0; h < horizon; h++)
            expect(batch.targets[row * horizon + h]).toBe(1000 + w + input + h);
        });
      }),
    );
  });
  test("no target of one part is seen as input or target by an earlier part", () => {
    fc.assert(
      fc.property(small(100), small(8), small(5), (more, input, horizon) => {
        const length = more + 3 * (input + horizon);
        const source = sourceOf([length]);
        const split = splitSeries(source.series, {
          input,
          horizon,
          validation: horizon,
          test: horizon,
        });
        const values = (parts: Part[], what: "inputs" | "targets") => {
          const windows = makeWindows(source, parts, { input, horizon });
          const every = Array.from({ length: windows.count }, (_, i) => i);
          return [...takeWindows(windows, every, { dtype: "float64" })[what]].map(Math.abs);
        };
        const last = (parts: Part[]) =>
          Math.max(...values(parts, "inputs"), ...values(parts, "targets"));
        expect(last(split.train)).toBeLessThan(Math.min(...values(split.validation, "targets")));
        expect(last(split.validation)).toBeLessThan(Math.min(...values(split.test, "targets")));
      }),
    );
  });
  test("unobserved targets and padding rows are masked", () => {
    const source = sourceOf([6]);
    source.series[0].observed[2 * 3] = 0;
    const windows = makeWindows(source, whole([6]), { input: 2, horizon: 2, stride: 2 });
    const batch = takeWindows(windows, [0, 1], { batch: 3 });
    expect(Array.from(batch.mask)).toEqual([1, 0, 1, 1, 0, 0]);
    expect(batch.inputs).toBeInstanceOf(Float32Array);
    expect([batch.count, batch.batch, batch.inputs.length]).toEqual([2, 3, 12]);
  });
});

describe("streams", () => {
  const lengths = fc.array(fc.integer({ min: 2, max: 50 }), { minLength: 1, maxLength: 5 });
  test("rows go on where they ended; each step but the first is a target once; starts are marked", () => {
    fc.assert(
      fc.property(
        lengths,
        small(9),
        small(5),
        fc.option(fc.nat(), { nil: undefined }),
        (lengths, window, batch, seed) => {
          const source = sourceOf(lengths);
          const streams = makeStreams(source, whole(lengths), { window, batch, seed });
          const last = new Array<number>(batch).fill(Number.NaN);
          const targets: number[] = [];
          for (let k = 0; k < streams.count; k++) {
            const { inputs, targets: next, mask, start, lengths } = streams.at(k, "float64");
            for (let row = 0; row < batch; row++) {
              for (let t = 0; t < window; t++) {
                const at = row * window + t;
                expect(mask[at]).toBe(t < lengths[row] ? 1 : 0);
                if (t >= lengths[row]) continue;
                const x = inputs[2 * at];
                expect(next[at]).toBe(x + 1);
                if (t > 0 || !start[row]) expect(x).toBe(last[row] + 1);
                last[row] = x;
                targets.push(next[at]);
              }
            }
          }
          const wanted = lengths.flatMap((n, s) =>
            Array.from({ length: n - 1 }, (_, t) => 1000 * (s + 1) + t + 1),
          );
          expect(targets.sort((a, b) => a - b)).toEqual(wanted);
        },
      ),
    );
  });
  test("a warm-up runs before the part and is masked", () => {
    const source = sourceOf([20]);
    const streams = makeStreams(source, [{ series: 0, start: 10, end: 14 }], {
      window: 8,
      batch: 1,
      warmUp: 3,
    });
    const { inputs, mask, start } = streams.at(0);
    expect(Array.from(inputs.filter((_, i) => i % 2 === 0))).toEqual([
      1006, 1007, 1008, 1009, 1010, 1011, 1012, 0,
    ]);
    expect(Array.from(mask)).toEqual([0, 0, 0, 1, 1, 1, 1, 0]);
    expect(start[0]).toBe(1);
  });
});

/** Scalers: inverses, the training part only, and JSON to the same bits. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { frequency } from "../../src/data/frequency.ts";
import {
  fitScaler,
  readScaler,
  type ScalerKind,
  scale,
  scaleSeries,
  unscale,
} from "../../src/data/scalers.ts";
import type { Series } from "../../src/data/series.ts";

const series = (name: string, values: number[], features = 1, observed?: number[]): Series => ({
  name,
  frequency: frequency("row", 1),
  times: Float64Array.from({ length: values.length / features }, (_, t) => t),
  values: Float64Array.from(values),
  observed: Uint8Array.from(observed ?? values.map(() => 1)),
});
const all = (one: Series, index = 0) => ({ series: index, start: 0, end: one.times.length });
const kind = fc.constantFrom<ScalerKind>("standard", "min-max", "robust", "none");
const numbers = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), {
  minLength: 4,
  maxLength: 40,
});

describe("inverse", () => {
  test("unscale undoes scale, feature by feature, through JSON", () => {
    fc.assert(
      fc.property(kind, numbers, (kind, values) => {
        const one = series("a", values.slice(0, values.length & ~1), 2);
        const set = { series: [one], features: ["x", "y"] };
        const scaler = fitScaler(set, [all(one)], { kind, constant: "keep" });
        const stored = readScaler(JSON.parse(JSON.stringify(scaler)));
        expect(stored).toEqual(scaler);
        const back = unscale(stored, scale(scaler, one.values));
        const size = Math.max(...one.values.map(Math.abs), 1);
        back.forEach((value, i) =>
          expect(Math.abs(value - one.values[i])).toBeLessThan(1e-9 * size),
        );
      }),
    );
  });
  test("one feature by name, one series by name", () => {
    const [a, b] = [series("a", [0, 10]), series("b", [0, 1000])];
    const set = { series: [a, b], features: ["y"] };
    const scaler = fitScaler(set, [all(a, 0), all(b, 1)], { kind: "min-max", perSeries: true });
    expect(Array.from(unscale(scaler, [0.5], "b", ["y"]))).toEqual([500]);
    expect(Array.from(scaleSeries(scaler, a).values)).toEqual([0, 1]);
  });
});

test("a constant series is named, with what to do about a series", () => {
  const set = { series: [series("a", [0, 10]), series("b", [7, 7])], features: ["y"] };
  const fit = () => fitScaler(set, set.series.map(all), { kind: "standard", perSeries: true });
  expect(fit).toThrow(/Column "y" of series "b" is constant/);
  expect(fit).toThrow(/Leave out the rows of that series, or set scaler to "none"/);
});

describe("what is fitted", () => {
  const values = [2, 4, 4, 4, 5, 5, 7, 9];
  const fit = (kind: ScalerKind) => {
    const one = series("a", values);
    return fitScaler({ series: [one], features: ["y"] }, [all(one)], { kind }).scalings[0];
  };
  test("mean and population deviation; range; median and quartiles (R type 7)", () => {
    expect(fit("standard")).toEqual({ series: null, shift: [5], scale: [2] });
    expect(fit("min-max")).toEqual({ series: null, shift: [2], scale: [7] });
    expect(fit("robust")).toEqual({ series: null, shift: [4.5], scale: [1.5] });
  });
  test("neither what follows training nor what was filled counts", () => {
    fc.assert(
      fc.property(kind, numbers, numbers, (kind, past, future) => {
        const train = [{ series: 0, start: 0, end: past.length }];
        const fitted = (rest: number[]) => {
          const observed = [...past, ...rest].map((_, t) => (t === 1 ? 0 : 1));
          const one = series(
            "a",
            [...past, ...rest].map((y, t) => (t === 1 ? rest[0] : y)),
            1,
            observed,
          );
          return fitScaler({ series: [one], features: ["y"] }, train, { kind, constant: "keep" });
        };
        expect(fitted(future)).toEqual(fitted(future.map((y) => 3 * y + 1)));
      }),
    );
  });
});

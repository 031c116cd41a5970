/** Every message of this floor, raised by the input that deserves it. */
import { expect, test } from "vitest";
import { frequency } from "../../src/data/frequency.ts";
import * as data from "../../src/data/index.ts";
import type { dataMessages } from "../../src/errors/data.ts";
import { RetrogradError } from "../../src/errors.ts";

const file = "sales.csv";
const csv = (text: string, options = {}) => data.parseCsv(text, { file, ...options });
const table = (text: string, options = {}) => data.readTable(text, { file, ...options });
const series = (text: string, options = {}) => data.readSeries(table(text), options);
const ramp = (name: string, values: number[], observed = values.map(() => 1)): data.Series => ({
  name,
  frequency: frequency("row", 1),
  times: Float64Array.from(values.keys()),
  values: Float64Array.from(values),
  observed: Uint8Array.from(observed),
});
const fit = (values: number[], options: data.ScalerOptions = {}, observed?: number[]) =>
  data.fitScaler(
    { series: [ramp("north", values, observed)], features: ["sales"] },
    [{ series: 0, start: 0, end: values.length }],
    options,
  );
const days = (more: string) => `day,y\n2000-01-01,1\n2000-01-02,2\n2000-01-03,3\n${more}`;
const split = (length: number, options: data.SplitOptions) =>
  data.splitSeries([ramp("north", Array(length).fill(0))], options);
const source = { series: [ramp("north", [1, 2, 3])], features: ["sales"], targets: 1 };
const bytes = (...list: number[]) => Uint8Array.from(list);
const scored = { actual: [1], forecast: [1] };

const raising: Record<keyof typeof dataMessages, () => unknown> = {
  "csv-empty": () => csv(" \n\n"),
  "csv-no-rows": () => csv("date,value\n"),
  "csv-ragged": () => csv("a,b\n1,2\n3,4,5\n"),
  "csv-unterminated": () => csv('a,b\n1,2\n3,"4\n5,6\n'),
  "csv-quote": () => csv('a,b\n1,5" pipe\n'),
  "csv-duplicate-column": () => csv("a,a\n1,2\n"),
  "table-empty": () => data.tableFromColumns({}, { file }),
  "table-lengths": () => data.tableFromColumns({ a: [1, 2], b: [1] }, { file }),
  "table-no-column": () => series("a,b\n1,2\n", { target: "sales" }),
  "table-not-a-number": () => table("a,b\n1,2\n1,12 EUR\n1,4\n1,5\n"),
  "table-not-a-date": () => table("day,b\n2000-01-01,1\n2000-01-02,1\n2000-02-30,1\n"),
  "table-date-order": () => table("day,b\n01/02/2000,1\n01/03/2000,2\n"),
  "table-not-numeric": () => series("a,b\nred,2\nblue,3\n", { target: "a" }),
  "series-time-column": () => series("a,b\nred,2\nblue,3\n", { time: "a" }),
  "series-no-target": () => series("a,b\nred,x\nblue,y\n"),
  "series-role-twice": () => series("a,b\n1,2\n", { target: "a", covariates: ["a"] }),
  "series-no-time": () => series(days(",4\n")),
  "series-no-group": () => series("g,y\nn,1\n,2\ns,3\n", { group: "g" }),
  "series-duplicate-time": () => series(days("2000-01-02,4\n")),
  "stream-irregular": () => {
    const given = { file: "note.csv", features: ["y"], series: [{ name: "y", rows: 9 }] };
    const policies = { missing: "forward", duplicates: "refuse", irregular: "keep" } as const;
    const options = { ...given, ...policies, timed: true, isDate: true, head: 3 };
    const times = [0, 864e5, 2 * 864e5, 2.5 * 864e5];
    const values = Float64Array.from(times);
    const rows = { count: 4, series: [0, 0, 0, 0], times, lines: [2, 3, 4, 5], values };
    const gatherer = new data.Gatherer(options, () => {});
    gatherer.add(rows);
    gatherer.finish();
  },
  "series-irregular": () => series(days("2000-01-03 09:30,4\n")),
  "series-sparse": () => series(days("2020-01-03,4\n")),
  "series-missing-value": () => series(days("2000-01-05,4\n"), { missing: "refuse" }),
  "series-all-missing": () => series("g,x,y\nn,1,1\ns,2,\n", { group: "g", target: "y" }),
  "series-no-full-step": () =>
    series("x,y\n1,\n,2\n", { target: "x", covariates: ["y"], missing: "drop" }),
  "split-fractions": () => split(100, { validation: 0.5, test: 0.5 }),
  "split-short": () => split(30, { input: 24, horizon: 6, test: 6 }),
  "split-none": () => split(30, { input: 24, horizon: 6, short: "skip" }),
  "scaler-constant": () => fit([7, 7, 7]),
  "scaler-no-values": () => fit([7, 7], {}, [0, 0]),
  "scaler-unknown-series": () => data.scale(fit([1, 2], { perSeries: true }), [1], "south"),
  "scaler-unknown-feature": () => data.unscale(fit([1, 2]), [1], null, ["price"]),
  "scaler-damaged": () => data.readScaler({ kind: "standard", features: ["a"], scalings: [{}] }),
  "windows-none": () =>
    data.makeWindows(source, [{ series: 0, start: 0, end: 3 }], { input: 3, horizon: 2 }),
  "option-positive": () => data.epochBatches(10, { batch: 0 }),
  "seed-invalid": () => data.permutation(10, -1),
  "batch-ragged": () => data.padSequences([[1, 2], [1]], { features: 2 }),
  "text-not-utf8": () => data.decodeUtf8(bytes(0x63, 0x61, 0x66, 0xe9, 0x0a), "note.txt"),
  "text-utf16": () => data.decodeUtf8(bytes(0xff, 0xfe, 0x61, 0x00), "note.txt"),
  "text-empty": () => data.buildVocabulary(""),
  "text-short": () => data.makeTextStreams(new Int32Array(8), { batch: 32, window: 64 }),
  "text-unknown-character": () => data.encode(data.buildVocabulary("ab\n"), "ab\naé", "note.txt"),
  "text-unknown-code": () => data.decode(data.buildVocabulary("ab"), [0, 7]),
  "vocabulary-damaged": () =>
    data.readVocabulary({ kind: "characters", symbols: ["a", "bc"], unknown: null }),
  "baseline-short": () => data.seasonalNaive([1, 2, 3], 2, 12),
  "metric-lengths": () => data.mae({ actual: [1, 2], forecast: [1] }),
  "metric-empty": () => data.rmse({ ...scored, mask: [0] }),
  "metric-scale": () => data.mase(scored, [1, 2, 3], 12),
};

function raised(body: () => unknown): RetrogradError {
  try {
    body();
  } catch (error) {
    if (error instanceof RetrogradError) return error;
    throw error;
  }
  throw new Error("nothing was raised");
}

test.each(Object.entries(raising))("%s", (code, body) => {
  const error = raised(body);
  expect(error.code).toBe(code);
  expect(error.message).toMatchSnapshot();
});

test.each<[string, string, () => unknown]>([
  ["a stray quote after a cell", "csv-quote", () => csv('a,b\n"1"x,2\n')],
  ["a quote closed at the end only", "csv-unterminated", () => csv('"')],
  ["a row too short", "csv-ragged", () => csv("a;b;c\n1;2;3\n4;5\n")],
  ["no text at all", "csv-empty", () => csv("")],
  ["a number beyond the range of doubles", "table-not-a-number", () => table("y\n1\n2\n1e999\n")],
  [
    "a type for a column that is not there",
    "table-no-column",
    () => table("y\n1\n", { types: { z: "text" } }),
  ],
  [
    "a column of quartiles without spread",
    "scaler-constant",
    () => fit([0, 0, 0, 0, 9], { kind: "robust" }),
  ],
  ["a negative share", "split-fractions", () => split(100, { test: -0.1 })],
  ["a training series that repeats exactly", "metric-scale", () => data.mase(scored, [5, 5, 5])],
  ["a drift of one value", "baseline-short", () => data.drift([Number.NaN, 1], 1)],
  [
    "a vocabulary of another kind",
    "vocabulary-damaged",
    () => data.readVocabulary({ kind: "words" }),
  ],
  ["a vocabulary that is no object", "vocabulary-damaged", () => data.readVocabulary(null)],
  [
    "a vocabulary with a symbol twice",
    "vocabulary-damaged",
    () => data.readVocabulary({ kind: "characters", symbols: ["a", "a"], unknown: null }),
  ],
  [
    "an unknown symbol out of range",
    "vocabulary-damaged",
    () => data.readVocabulary({ kind: "characters", symbols: ["a"], unknown: 3 }),
  ],
  ["a scaler of nothing", "scaler-damaged", () => data.readScaler(null)],
  [
    "a scaler with scale 0",
    "scaler-damaged",
    () =>
      data.readScaler({
        kind: "none",
        features: ["a"],
        scalings: [{ series: null, shift: [0], scale: [0] }],
      }),
  ],
])("%s", (_, code, body) => {
  const error = raised(body);
  expect(error.code).toBe(code);
  expect(error.message).toMatchSnapshot();
});

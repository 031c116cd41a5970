/** The last word of a run: verdicts, decimals, times, and the words of the command line. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { inFlags } from "../src/settings.ts";
import {
  forecastTable,
  forecastVerdict,
  futureTable,
  languageVerdict,
} from "../src/show/summary.ts";
import { futureJson } from "../src/show/times.ts";
import { file, lastLine, linesOf, place, retrograd, verse, waveCsv } from "./command.ts";

const paint = (_: string, text: string) => text;
const row = (method: string, rmse: number, mae = rmse, mase = rmse, byStep = [rmse, rmse]) => ({
  ...{ method, rmse, mae, mase, byStep: { rmse: byStep, mae: byStep } },
});
const scoresOf = (own: number, rival: number) =>
  ({
    ...{ windows: 3, horizon: 2 },
    targets: [{ target: "y", scores: [row("LSTM", own), row("naive", rival)] }],
  }) as any;

test("less than 1 % is neither praised nor blamed", () => {
  const alike = /^≈ The LSTM does about as well as the naive forecast/;
  expect(forecastVerdict(scoresOf(5.28, 5.29), paint)).toMatch(alike);
  expect(forecastVerdict(scoresOf(1.4501, 1.45), paint)).toMatch(alike);
  expect(forecastVerdict(scoresOf(5, 6), paint)).toMatch(/^✓ The LSTM errs 17 % less/);
  expect(forecastVerdict(scoresOf(6, 5), paint)).toMatch(/^! The LSTM errs 20 % more/);
  const bits = (own: number) =>
    ({ scores: [{ method: "LSTM", bits: own }, ...[{ method: "pairs", bits: 3 }]] }) as any;
  expect(languageVerdict(bits(2.99), paint)).toContain("about as well as counting pairs");
  expect(languageVerdict(bits(2), paint)).toContain("33 % fewer bits");
});

test("beside a baseline that makes no error there is no percentage", () => {
  expect(forecastVerdict(scoresOf(0.1, 0), paint)).toMatch(/^! The LSTM errs more than the naive/);
  expect(forecastVerdict(scoresOf(0, 0), paint)).toMatch(/^≈ /);
  const bits = { scores: [row("LSTM", 0), row("pairs", 0)].map((r, i) => ({ ...r, bits: 1 - i })) };
  expect(languageVerdict(bits as any, paint)).toMatch(/^! The LSTM needs more bits/);
});

test("what was judged on is said where there is no test part", async () => {
  const path = file("untested.csv", waveCsv(90));
  const flags = ["--size", "4", "--epochs", "1", "--horizon", "2", "--window", "6", "--test", "0"];
  const { out } = await retrograd("train", path, "--out", place("untested"), ...flags);
  expect(out).toContain("Validation part, by which the weights were chosen");
  const report = readFileSync(place("untested/report.html"), "utf8");
  expect(report).toContain("in the validation part, by which the weights were chosen");
  expect(out + report).not.toMatch(/never seen in training/);

  const text = file("brief.txt", verse(12)); // 5 % of it are too few characters to judge by
  const said = await retrograd(
    "train",
    text,
    "--out",
    place("brief"),
    ...flags.slice(0, 4),
    "--json",
  );
  expect(lastLine(said.out).judged).toBe("training");
});

test("a table has one number of decimals for its unit", () => {
  const scores = {
    ...{ windows: 3, horizon: 2 },
    targets: [
      {
        target: "y",
        scores: [row("LSTM", 9.97, 3.8, 1.1034, [1.02, 10.5]), row("naive", 12, 4, 1.2, [2, 14])],
      },
    ],
  } as any;
  const lines = forecastTable(scores, "Test part", paint).split("\n").slice(3);
  for (const line of lines)
    for (const word of line.split(/\s+/).filter((w) => /^\d/.test(w)))
      expect(word).toMatch(/^\d+\.\d\d$/);
  const future = { series: "y", times: [1, 2], forecast: { y: [9.5, 8] } };
  const limits = { low: { y: [1.5, 2] }, high: { y: [11, 12.25] } };
  expect(futureTable([{ ...future, ...limits } as any], false, paint)).toMatch(
    /\n {2}1 +9\.50 +1\.50 +11\.00\n {2}2 +8\.00 +2\.00 +12\.25$/,
  );
});

test("times are rows or dates, the same for machines everywhere", () => {
  const future = { series: "y", times: [300, 301], forecast: { y: [1, 2] }, low: null, high: null };
  expect(futureTable([future], false, paint)).toMatch(/\n {2}300 .*\n {2}301 /);
  expect(futureJson(future, false).times).toEqual([300, 301]);
  const dated = { ...future, times: [Date.UTC(2020, 0, 1), Date.UTC(2020, 0, 1, 12)] };
  expect(futureJson(dated, true).times).toEqual(["2020-01-01", "2020-01-01T12:00Z"]);
});

test("cures name the options of the command line", () => {
  expect(inFlags('set missing to "forward"; set time to null; (group); Set scaler to "x"')).toBe(
    'set --missing to "forward"; set --time to none; (--group); Set --scaler to "x"',
  );
});

const tiny = ["--size", "4", "--epochs", "1", "--horizon", "2", "--window", "6", "--no-report"];
/** A wave with a column that follows it, and one that never changes. */
const wide = () =>
  waveCsv(90)
    .split("\n")
    .map((line, i) => (line ? `${line},${i ? `${20 + (i % 7)},5` : "temp,fixed"}` : line))
    .join("\n");

test("columns that are not used are named, and those that help; constants do no harm", async () => {
  const path = file("wide.csv", wide());
  const plain = await retrograd("train", path, "--out", place("wide-1"), ...tiny);
  expect(plain.code).toBe(0);
  const flat = plain.out.replaceAll(/\s+/g, " ");
  expect(flat).toContain(
    'Not used: "temp", "fixed" (--covariate temp to learn from it, --target temp to forecast it).',
  );
  const more = ["--covariate", "temp", "--json"];
  const { out } = await retrograd("train", path, "--out", place("wide-2"), ...tiny, ...more);
  const said = linesOf(out).map(({ text }) => text);
  expect(said).toContain('"temp" helps to forecast "sales" (as given).');
  const own = lastLine(out).forecast[0].times;
  const after = await retrograd("forecast", place("wide-2"), "--json");
  expect(own).toEqual(lastLine(after.out).times);
  expect(own[0]).toBe("2007-07-01");
});

test("a column that never changes is not chosen to be forecast, and its cure is a flag", async () => {
  const first = wide().replaceAll(/^([^,\n]+),([^,\n]+),([^,\n]+),([^,\n]+)$/gm, "$1,$4,$2,$3");
  const path = file("first.csv", first.replace("fixed", "y")); // a usual name makes it no better
  const { out } = await retrograd("train", path, "--out", place("first"), ...tiny);
  expect(out.replaceAll(/\s+/g, " ")).toContain('The forecast is of "sales"');
  const { err } = await retrograd("train", path, "--target", "y", "--out", place("no"));
  expect(err).toContain("set --target to another");
  expect(err).toContain("(scaler-constant)");
});

test("a run that exists is refused before its file is read", async () => {
  const path = file("existing.csv", waveCsv(60));
  await retrograd("train", path, "--out", place("existing"), ...tiny);
  const { out, err } = await retrograd("train", "nowhere.csv", "--out", place("existing"));
  expect(out).toBe("");
  expect(err).toContain("(run-exists)");
});

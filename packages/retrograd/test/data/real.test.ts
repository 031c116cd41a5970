/**
 * Real files as they come: the classic series, an electricity transformer, a play. The counts are
 * those of their sources; the scores are those published for the M4 competition and for ETTh1.
 */
import { describe, expect } from "vitest";
import { naive, seasonalNaive } from "../../src/data/baselines.ts";
import { parseCsv } from "../../src/data/csv.ts";
import { formatTime } from "../../src/data/dates.ts";
import { mase, smape } from "../../src/data/metrics.ts";
import { fitScaler, scaleSeries } from "../../src/data/scalers.ts";
import { seasonalPeriod } from "../../src/data/seasons.ts";
import { readSeries } from "../../src/data/series.ts";
import { describeTable, readTable } from "../../src/data/table.ts";
import { buildVocabulary, decode, encode } from "../../src/data/vocabulary.ts";
import { makeWindows } from "../../src/data/windows.ts";
import { readText, testOnFiles } from "./files.ts";

describe("classic series", () => {
  const open = (name: string) => readTable(readText(`classic-series/${name}`), { file: name });
  const files = (...names: string[]) => names.map((name) => `classic-series/${name}`);

  testOnFiles("airline: 144 months with a year of season", files("airline.csv"), () => {
    const table = open("airline.csv");
    expect(describeTable(table)).toBe(
      "airline.csv: 144 rows; Date (dates 1949-01-01 … 1960-12-01), Passengers (numbers 104 … 622)",
    );
    const { series, frequency, season } = readSeries(table);
    expect([frequency.name, season, series[0].times.length]).toEqual(["monthly", 12, 144]);
    expect(seasonalPeriod(series[0].values, [3, 6, 12]).period).toBe(12);
  });
  testOnFiles("co2: 2284 weeks in compact dates, 59 of them missing", files("co2.csv"), () => {
    const table = open("co2.csv");
    const { series, frequency, season } = readSeries(table);
    expect(table.columns[1].summary.missing).toBe(59);
    expect([frequency.name, season, series[0].times.length]).toEqual(["weekly", 52, 2284]);
    expect(series[0].observed.filter((seen) => !seen).length).toBe(59);
    expect(formatTime(series[0].times[2283])).toBe("2001-12-29");
    expect(seasonalPeriod(series[0].values, [26, 52]).period).toBe(52);
  });
  testOnFiles("nile, sunspots, lynx: years", files("nile.csv", "sunspots.csv", "lynx.csv"), () => {
    const years = ["nile.csv", "sunspots.csv", "lynx.csv"].map((name) => {
      const { series, frequency, features } = readSeries(open(name));
      return [frequency.name, features[0], series[0].times.length, formatTime(series[0].times[0])];
    });
    expect(years).toEqual([
      ["yearly", "volume", 100, "1871-01-01"],
      ["yearly", "SUNACTIVITY", 309, "1700-01-01"],
      ["yearly", "0", 114, "1821-01-01"],
    ]);
  });
  testOnFiles(
    "macrodata: years and quarters; seatbelts: a nameless index",
    files("macrodata.csv", "seatbelts.csv"),
    () => {
      const macro = readSeries(open("macrodata.csv"), { target: ["realgdp", "cpi"] });
      expect([macro.frequency.name, macro.season, macro.series[0].times.length]).toEqual([
        "quarterly",
        4,
        203,
      ]);
      const belts = readSeries(open("seatbelts.csv"), { covariates: ["label"] });
      expect([belts.frequency.name, belts.features]).toEqual(["monthly", ["KSI", "label"]]);
    },
  );
});

/** Wide rows, one series each, as the M4 competition gives them. */
function wideSeries(file: string): Map<string, number[]> {
  const { columns } = parseCsv(readText(file), { header: true });
  return new Map(
    columns[0].map((name, row) => {
      const cells = columns.slice(1).map((column) => column[row]);
      return [name, cells.filter((cell) => cell !== "").map(Number)];
    }),
  );
}

const M4 = ["m4-hourly/Hourly-train.csv.gz", "m4-hourly/Hourly-test.csv.gz"];
testOnFiles("M4 hourly: the published scores of naive and seasonal naive", M4, () => {
  const [train, test] = M4.map(wideSeries);
  const scores = { naive: [0, 0], seasonal: [0, 0] };
  for (const [name, training] of train) {
    const actual = test.get(name) ?? [];
    const forecasts = { naive: naive(training, 48), seasonal: seasonalNaive(training, 48, 24) };
    for (const method of ["naive", "seasonal"] as const) {
      const scored = { actual, forecast: forecasts[method] };
      scores[method][0] += smape(scored) / train.size;
      scores[method][1] += mase(scored, training, 24) / train.size;
    }
  }
  expect(train.size).toBe(414);
  expect(scores.naive.map((score) => score.toFixed(3))).toEqual(["43.003", "11.608"]);
  expect(scores.seasonal.map((score) => score.toFixed(3))).toEqual(["13.912", "1.193"]);
});

testOnFiles(
  "ETTh1: the published score of repeating the last value",
  ["etth1/ETTh1.csv.gz"],
  () => {
    const columns = ["HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT"];
    const set = readSeries(readTable(readText("etth1/ETTh1.csv.gz")), { target: columns });
    expect([set.frequency.name, set.season, set.series[0].times.length]).toEqual([
      "hourly",
      24,
      17_420,
    ]);
    const month = 30 * 24;
    const scaler = fitScaler(set, [{ series: 0, start: 0, end: 12 * month }]);
    const source = { ...set, series: [scaleSeries(scaler, set.series[0])] };
    const parts = [{ series: 0, start: 16 * month, end: 20 * month }];
    const { first, count } = makeWindows(source, parts, { input: 336, horizon: 96 });
    const { values } = source.series[0];
    // The published figures leave out the last, smaller batch of 32.
    const kept = count - (count % 32);
    let [squares, absolutes] = [0, 0];
    for (let w = 0; w < kept; w++)
      for (let i = 0; i < 96 * 7; i++) {
        const error = values[first[w] * 7 + i] - values[(first[w] - 1) * 7 + (i % 7)];
        squares += error * error;
        absolutes += Math.abs(error);
      }
    const scores = [squares, absolutes].map((sum) => (sum / (kept * 96 * 7)).toFixed(3));
    expect(scores).toEqual(["1.295", "0.713"]);
  },
);

testOnFiles(
  "tinyshakespeare: 1,115,394 characters of 65 kinds",
  ["tinyshakespeare/input.txt.gz"],
  () => {
    const text = readText("tinyshakespeare/input.txt.gz");
    const vocabulary = buildVocabulary(text);
    const codes = encode(vocabulary, text);
    expect([codes.length, vocabulary.symbols.length]).toEqual([1_115_394, 65]);
    expect(decode(vocabulary, codes.subarray(0, 1000))).toBe(text.slice(0, 1000));
  },
);

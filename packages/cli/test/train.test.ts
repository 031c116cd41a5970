/** The main job, on small files: what is decided, what is left behind, what the models can do. */
import { existsSync, readFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { file, lastLine, linesOf, place, retrograd, type Said, verse, waveCsv } from "./command.ts";

const small = ["--size", "8", "--epochs", "6", "--patience", "6"];
let wave: Said;
let poem: Said;
const [waveRun, poemRun] = [place("wave-run"), place("poem-run")];

beforeAll(async () => {
  const sales = file("sales.csv", waveCsv(200));
  wave = await retrograd("train", sales, "--out", waveRun, ...small);
  const text = file("poem.txt", verse(60));
  const settings = ["--window", "16", "--batch", "8", "--rate", "0.02"];
  poem = await retrograd("train", text, "--out", poemRun, ...small, ...settings, "--json");
}, 60_000);

test("a table with a time column becomes a forecaster, and it says so", () => {
  expect(wave.err).toBe("");
  expect(wave.code).toBe(0);
  expect(wave.out).toContain("is read as a table (its name ends in .csv), for a forecaster");
  expect(wave.out).toContain('Time is "month"');
  expect(wave.out).toContain("A season has 12 steps");
  expect(wave.out).toMatch(/LSTM +\d.*\n +naive +\d.*\n +seasonal naive +\d/);
  expect(wave.out).toContain("The gradient reaches");
});

test("a run leaves its folder behind", () => {
  for (const name of ["config.json", "metrics.jsonl", "log.txt", "results.json", "report.html"])
    expect(existsSync(`${waveRun}/${name}`), name).toBe(true);
  expect(existsSync(`${waveRun}/weights.safetensors`)).toBe(true);
  expect(existsSync(`${waveRun}/lock`)).toBe(false);
  const events = linesOf(readFileSync(`${waveRun}/metrics.jsonl`, "utf8"));
  expect(events.filter(({ type }) => type === "step").map(({ step }) => step)).toEqual(
    Array.from({ length: events.at(-1).step }, (_, i) => i + 1),
  );
});

test("the report is one page that loads nothing", () => {
  const html = readFileSync(`${waveRun}/report.html`, "utf8");
  for (const title of ["Forecast against truth", "How far back the gradient reaches", "Residuals"])
    expect(html).toContain(title);
  expect(html.replaceAll(/http:\/\/www\.w3\.org\/[\w/]+/g, "")).not.toMatch(
    /https?:|<script|<link/,
  );
  expect(html).not.toContain("NaN");
});

test("forecast gives the steps after the file, with their dates", async () => {
  const { out, code } = await retrograd("forecast", waveRun, "--csv");
  expect(code).toBe(0);
  const lines = out.trim().split("\n");
  expect(lines[0]).toBe("series,time,sales,sales low,sales high");
  expect(lines.slice(1).map((line) => line.split(",")[1])).toEqual(
    Array.from({ length: 12 }, (_, h) => `2016-${String(h + 9).padStart(2, "0")}-01`).map(
      (date, h) => (h < 4 ? date : `2017-${String(h - 3).padStart(2, "0")}-01`),
    ),
  );
});

test("forecast reads newer data, and refuses too little of it", async () => {
  const newer = await retrograd("forecast", waveRun, file("newer.csv", waveCsv(230)), "--json");
  expect(lastLine(newer.out).times[0]).toBe("2019-03-01");
  const little = await retrograd("forecast", waveRun, file("little.csv", waveCsv(20)));
  expect(little.code).toBe(1);
  expect(little.err).toContain("(history-short)");
});

test("evaluate scores a whole file beside the baselines", async () => {
  const { out } = await retrograd("evaluate", waveRun, file("longer.csv", waveCsv(220)), "--json");
  const { targets, windows } = lastLine(out);
  expect(windows).toBeGreaterThan(100);
  expect(targets[0].scores.map(({ method }: any) => method)).toEqual([
    ...["LSTM", "naive", "seasonal naive"],
  ]);
});

test("a text becomes a language model; JSON lines tell a machine everything", () => {
  const lines = linesOf(poem.out);
  expect(lines[0].text).toContain("is read as a text");
  expect(new Set(lines.map(({ type }) => type))).toEqual(
    new Set(["note", "begin", "step", "epoch", "validation", "checkpoint", "done", "summary"]),
  );
  const { scores, status } = lines.at(-1);
  expect(status).toBe("finished");
  const [own, pairs, single] = scores.scores.map(({ bits }: any) => bits);
  expect(own).toBeLessThan(pairs);
  expect(pairs).toBeLessThan(single);
});

test("generate repeats itself for a seed, and differs for another", async () => {
  const text = async (seed: string) =>
    (await retrograd("generate", poemRun, "--prompt", "the sea", "--length", "40", "--seed", seed))
      .out;
  const first = await text("1");
  expect(first).toMatch(/^the sea[\s\S]{40}\n$/);
  expect(await text("1")).toBe(first);
  expect(await text("2")).not.toBe(first);
});

test("generate searches with a beam, and draws from a nucleus", async () => {
  const said = async (...how: string[]) => {
    const begin = ["--prompt", "the sea", "--length", "30", "--json"];
    return lastLine((await retrograd("generate", poemRun, ...begin, ...how)).out);
  };
  const likeliest = await said("--temperature", "0");
  expect((await said("--beam", "1")).text).toBe(likeliest.text);
  expect((await said("--nucleus", "1e-9", "--seed", "5")).text).toBe(likeliest.text);
  const { beam, text, temperature } = await said("--beam", "3");
  expect([beam, text.length, temperature]).toEqual([3, 30, undefined]);
});

test("explain shows layers, program and graph", async () => {
  const { out } = await retrograd("explain", waveRun);
  expect(out).toContain("unroll(lstm)");
  expect(out).toContain("The training step, compiled");
  expect((await retrograd("explain", waveRun, "--graph", "svg", "--unroll", "2")).out).toContain(
    "<svg",
  );
  expect((await retrograd("explain", poemRun, "--graph", "dot")).out).toContain("digraph");
});

test("without arguments it offers what it can do", async () => {
  const { out, code } = await retrograd();
  expect(code).toBe(0);
  expect(out).toContain("retrograd demo");
});

test("many series are told apart by their group", async () => {
  const rows = ["north", "south"].flatMap((name, s) =>
    Array.from({ length: 80 }, (_, t) => `${2000 + t},${name},${(s + 1) * (5 + Math.sin(t / 2))}`),
  );
  const path = file("groups.csv", `year,region,y\n${rows.join("\n")}\n`);
  const out = place("groups-run");
  const flags = ["--horizon", "2", "--window", "8", "--size", "4", "--epochs", "2", "--no-report"];
  const said = await retrograd("train", path, "--out", out, ...flags, "--json");
  expect(said.err).toBe("");
  const { forecast } = lastLine(said.out);
  expect(forecast.map(({ series }: any) => series)).toEqual(["north", "south"]);
  expect(existsSync(`${out}/report.html`)).toBe(false);
});

test("settings may stand in a file; flags win over it", async () => {
  const config = file("settings.json", '{ "size": 5, "epochs": 1, "horizon": 3, "window": 6 }');
  const out = place("settings-run");
  const path = file("settings.csv", waveCsv(90));
  const flags = ["--config", config, "--size", "7", "--no-report", "--out", out];
  expect((await retrograd("train", path, ...flags)).code).toBe(0);
  const saved = JSON.parse(readFileSync(`${out}/config.json`, "utf8"));
  expect([saved.network.size, saved.horizon, saved.learning.epochs]).toEqual([7, 3, 1]);
});

test("a method may be named, says what it chose, and goes on with the run", async () => {
  const path = file("method.txt", verse(60));
  const flags = ["--window", "16", "--batch", "8", "--size", "6", "--no-report"];
  const train = (method: string) => {
    const out = place(`method-${method}`);
    return retrograd("train", path, "--method", method, "--out", out, "--epochs", "1", ...flags);
  };
  const adaptive = await train("adaptive");
  expect(adaptive.code).toBe(0);
  expect(adaptive.out).toMatch(/adaptiveTruncation: gradients go back at least \d+ steps/);
  expect(readFileSync(`${place("method-adaptive")}/log.txt`, "utf8")).toContain(
    "gradients go back",
  );
  expect((await retrograd("resume", place("method-adaptive"), "--epochs", "2")).code).toBe(0);
  const auto = await train("auto");
  expect(auto.out).toContain("each begins without a past");
  expect(auto.out).toContain("auto: bptt, to keep all 16 steps takes");
  expect((await retrograd("explain", place("method-auto"))).code).toBe(0);
});

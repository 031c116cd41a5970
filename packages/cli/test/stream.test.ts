/** A file that is read in pieces trains the same model as one that is held, and resumes to it. */
import { appendFileSync, chmodSync, existsSync, readFileSync } from "node:fs";
import { DuckDBInstance } from "@duckdb/node-api";
import { beforeAll, expect, test } from "vitest";
import { file, lastLine, place, retrograd, verse } from "./command.ts";

const weights = (folder: string) => readFileSync(`${folder}/weights.safetensors`).toString("hex");
const settings = ["--size", "8", "--window", "16", "--batch", "4", "--epochs", "2", "--no-report"];
const poem = () => file("stream.txt", `Größe 🐚\n${verse(60)}`);

test("a text in pieces: the same bits, the same scores, and resume ends with them", async () => {
  const [held, read] = [place("held"), place("read")];
  const whole = await retrograd("train", poem(), "--out", held, ...settings, "--json");
  const pieces = await retrograd(
    ...["train", poem(), "--out", read, ...settings, "--json", "--stream"],
  );
  expect(pieces.err).toBe("");
  expect(pieces.out).toContain("in pieces from the disk");
  expect(weights(read)).toBe(weights(held));
  expect(lastLine(pieces.out).scores).toEqual(lastLine(whole.out).scores);
  const judged = await Promise.all(
    [held, read].map((folder) => retrograd("evaluate", folder, poem(), "--json")),
  );
  expect(judged[1].out).toBe(judged[0].out);
  const more = ["--epochs", "3", "--no-report"];
  for (const folder of [held, read])
    expect((await retrograd("resume", folder, ...more)).code).toBe(0);
  expect(weights(read)).toBe(weights(held));
}, 60_000);

test("a text that has changed is not gone on with", async () => {
  const [path, out] = [file("grows.txt", verse(60)), place("grows")];
  await retrograd("train", path, "--out", out, ...settings, "--stream");
  appendFileSync(path, "more");
  const { err, code } = await retrograd("resume", out, "--epochs", "3");
  expect([code, err]).toEqual([1, expect.stringContaining("(source-changed)")]);
}, 60_000);

test("bad bytes are named by their offset, in pieces as in one", async () => {
  const bytes = Buffer.concat([Buffer.from(verse(60)), Buffer.from([0x61, 0xe9, 0x62])]);
  const path = file("latin.txt", bytes);
  const said = await Promise.all(
    [["--stream"], []].map((flags) => retrograd("train", path, "--out", place("bad"), ...flags)),
  );
  expect(said[0].err).toContain(`at offset ${bytes.length - 2} (line 61)`);
  expect(said[0].err).toBe(said[1].err);
});

test.skipIf(process.getuid?.() === 0)("a file that may not be read says so", async () => {
  const path = poem();
  chmodSync(path, 0o000);
  const { err } = await retrograd("train", path, "--stream");
  expect(err).toContain("you may not read it");
});

/** Three sites on an hourly rhythm, with holes, out of order where `mixed`. */
const rowsSql = (mixed: boolean) =>
  "SELECT TIMESTAMP '2024-01-01' + INTERVAL 1 HOUR * (i // 3) AS at, 'site ' || (i % 3) AS site, " +
  "round(10 + (i % 3) * 5 + 3 * sin((i // 3) / 24.0 * 2 * pi()) + hash(i) % 1000 / 999.0, 4) AS y, " +
  "CASE WHEN hash(i + 7) % 20 = 0 THEN NULL ELSE i % 17 END AS x " +
  `FROM range(690) t(i) WHERE i // 3 NOT IN (40, 41) OR i % 3 > 0 ORDER BY ${mixed ? "hash(i)" : "i"}`;

async function write(name: string, sql: string): Promise<string> {
  const path = place(name);
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  const form = name.endsWith(".csv") ? "csv, HEADER" : "parquet, ROW_GROUP_SIZE 2048";
  await connection.run(`COPY (${sql}) TO '${path}' (FORMAT ${form})`);
  connection.closeSync();
  return path;
}

const forecaster = [
  ...["--target", "y", "--covariate", "x", "--window", "24", "--horizon", "4", "--size", "4"],
  ...["--epochs", "2", "--no-report", "--json"],
];
const pieces = ["--stream"];
let sorted: string;
let mixed: string;
beforeAll(async () => {
  sorted = await write("sorted.csv", rowsSql(false));
  mixed = await write("mixed.parquet", rowsSql(true));
});

test.each([
  ["CSV", () => sorted],
  ["Parquet, out of order", () => mixed],
])(
  "a %s table in pieces: the same bits, scores and forecasts",
  async (name, path) => {
    const [held, read] = [place(`${name} held`), place(`${name} read`)];
    const whole = await retrograd("train", path(), "--out", held, ...forecaster, "--no-stream");
    const some = await retrograd("train", path(), "--out", read, ...forecaster, ...pieces);
    expect(some.err).toBe("");
    expect(some.out).toContain("in pieces from the disk");
    expect(some.out).toContain("is a series of its own");
    expect(weights(read)).toBe(weights(held));
    const results = (folder: string) => readFileSync(`${folder}/results.json`, "utf8");
    expect(results(read)).toBe(results(held));
    expect(lastLine(whole.out).scores).toEqual(lastLine(some.out).scores);
    for (const command of [["forecast"], ["evaluate", path()]]) {
      const [verb, ...rest] = command;
      const said = await Promise.all(
        [held, read].map((folder) => retrograd(verb, folder, ...rest, "--json")),
      );
      expect(said[1]).toEqual(said[0]);
      expect(said[1].code).toBe(0);
    }
  },
  60_000,
);

test("a run in pieces resumes to the bits of one that was not interrupted", async () => {
  const [whole, cut] = [place("whole-series"), place("cut-series")];
  const longer = [...forecaster, "--checkpoint", "2", ...pieces];
  await retrograd("train", mixed, "--out", whole, ...longer);
  const { ended, start } = await import("./command.ts");
  const child = start(["train", mixed, "--out", cut, ...longer]);
  let sent = false;
  await ended(child, (out) => {
    if (!sent && out.includes('"type":"checkpoint"')) sent = child.kill("SIGKILL");
  });
  expect(existsSync(`${cut}/weights.safetensors`)).toBe(false);
  const { err, code } = await retrograd("resume", cut, "--no-report");
  expect([code, err]).toEqual([0, ""]);
  expect(weights(cut)).toBe(weights(whole));
}, 60_000);

test.each([
  ["no Parquet file", "fake.parquet", "PAR1 and then nothing", [], "source-unreadable"],
  ["no such column", undefined, "", ["--target", "z"], "table-no-column"],
  ["words where numbers should be", undefined, "", ["--target", "site"], "table-not-numeric"],
  ["interpolation", undefined, "", ["--missing", "interpolate"], "stream-cannot"],
  ["the robust scaler", undefined, "", ["--scaler", "robust"], "stream-cannot"],
  [
    "missing values that are refused",
    undefined,
    "",
    ["--missing", "refuse"],
    "series-missing-value",
  ],
  ["times that repeat", undefined, "", ["--group", "none"], "series-duplicate-time"],
  ["text for a Parquet table", undefined, "", ["--task", "language"], "option-value"],
])("%s: one message", async (_, name, content, flags, code) => {
  const path = name ? file(name, content) : mixed;
  const usual = flags[0] === "--task" ? [] : ["--target", "y", "--covariate", "x"];
  const said = await retrograd("train", path, ...usual, ...pieces, ...flags);
  expect(said.err).toContain(`(${code})`);
  expect(said.err.match(/✗/g)).toHaveLength(1);
  expect(said.code).toBeGreaterThan(0);
});

test("a cell that fits no more is named with its line, far behind the first rows", async () => {
  const body = Array.from({ length: 90_000 }, (_, i) => `${i},${i % 7}`);
  body[80_000] = "80000,many";
  const path = file("late.csv", `t,y\n${body.join("\n")}\n`);
  const { err } = await retrograd("train", path, "--time", "t", "--target", "y", ...pieces);
  expect(err).toContain('line 80002: "many" in column "y" is not a number');
});

test("what the two ways of reading say of bad cells is the same", async () => {
  const rows = (y: string, at: string) =>
    `at,y\n2024-01-01,1\n2024-01-02,${y}\n${at},3\n2024-01-04,4\n`;
  const body = Array.from(
    { length: 60 },
    (_, i) => `2024-02-${String((i % 29) + 1).padStart(2, "0")},${i}\n`,
  );
  for (const text of [rows("1_000", "2024-01-03"), rows("2", ""), rows("inf", "2024-01-03")]) {
    const path = file("cells.csv", text + body.slice(0, 29).join(""));
    const said = await Promise.all(
      [["--stream"], ["--no-stream"]].map((flags) =>
        retrograd("train", path, "--target", "y", "--time", "at", "--out", place("no"), ...flags),
      ),
    );
    expect(said[0].err).toContain("cells.csv, line");
    expect(said[0].err).toBe(said[1].err);
  }
});

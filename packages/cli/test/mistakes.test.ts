/** Bad input: each mistake gets one clear message with its cure, a non-zero exit, and loses nothing. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { beforeAll, expect, test, vi } from "vitest";
import { file, lastLine, place, retrograd, verse, waveCsv } from "./command.ts";

const model = place("model");
const poet = place("poet");
beforeAll(async () => {
  const tiny = ["--size", "4", "--epochs", "1", "--no-report"];
  await retrograd(
    "train",
    file("good.csv", waveCsv(90)),
    "--out",
    model,
    "--horizon",
    "2",
    ...tiny,
  );
  await retrograd("train", file("good.txt", verse(30)), "--out", poet, "--window", "16", ...tiny);
});

/** The messages of a command line: one, with a cure. */
async function mistake(...args: string[]): Promise<string> {
  const { code, err, out } = await retrograd(...args);
  expect(code).toBeGreaterThan(0);
  expect(err).toMatch(/^✗ /);
  expect(err.match(/✗/g)).toHaveLength(1);
  expect(err).not.toMatch(/\n +at /);
  expect(out).not.toContain("Error");
  return err.replaceAll(place(""), "");
}

const train = (name: string, content: string | Uint8Array, ...flags: string[]) =>
  mistake("train", file(name, content), "--out", place(`never-${name}`), ...flags);

const files: [string, string | Uint8Array, string[], string][] = [
  ["empty.csv", "", [], "csv-empty"],
  ["header.csv", "a,b\n", [], "csv-no-rows"],
  ["ragged.csv", "day,y\n2000-01-01,1\n2000-01-02,2,3\n", [], "csv-ragged"],
  ["words.csv", "day,y\n2000-01-01,red\n2000-01-02,blue\n2000-01-03,red\n", [], "series-no-target"],
  ["word.csv", `${waveCsv(60)}2005-01-01,12 EUR\n`, [], "table-not-a-number"],
  ["constant.csv", waveCsv(90).replace(/,[\d.]+/g, ",7"), [], "scaler-constant"],
  ["short.csv", waveCsv(20), ["--window", "30"], "window-too-long"],
  ["latin.txt", Uint8Array.from([...Buffer.from(verse(9)), 0xe9, 0x20]), [], "text-not-utf8"],
  ["latin.csv", Uint8Array.from([...Buffer.from("a,b\n1,2\n"), 0xe9, 0x20]), [], "text-not-utf8"],
  ["picture.txt", Uint8Array.from([0x89, 0x50, 0, 0, 0, 7]), [], "source-binary"],
  ["blank.txt", "  \n\n", [], "text-empty"],
  ["brief.txt", "one line", [], "text-short"],
  ["broken.parquet", "PAR1 and nothing else", [], "source-unreadable"],
  ["column.csv", waveCsv(60), ["--target", "prices"], "table-no-column"],
  ["time.csv", "name,y\nred,1\nblue,2\n", ["--time", "name"], "series-time-column"],
];
test.each(files)("%s is refused", async (name, content, flags, code) => {
  expect(await train(name, content, ...flags)).toContain(`(${code})`);
  expect(existsSync(place(`never-${name}`))).toBe(false);
});

test("a folder of temporary files that is not there is named, and not the table", async () => {
  vi.stubEnv("TMPDIR", place("no-such-folder"));
  const text = await train("piece.csv", waveCsv(90), "--stream").finally(() => vi.unstubAllEnvs());
  expect(text).toMatch(/^✗ \/no-such-folder cannot be written: it does not exist \(TMPDIR/m);
});

test("an output folder that is a file is refused", async () => {
  const path = file("flat.csv", waveCsv(60));
  const text = await mistake("train", path, "--out", path);
  expect(text).toContain("a part of the path is not a folder");
  expect(readFileSync(path, "utf8")).toBe(waveCsv(60));
});

test("a model larger than the memory is refused", async () => {
  const size = ["--size", "200000", "--no-report"];
  const text = await mistake(
    "train",
    file("huge.csv", waveCsv(60)),
    "--out",
    place("huge"),
    ...size,
  );
  expect(text).toContain("(model-too-large)");
});

test("a text that is too short is told by its name and its length", async () => {
  const text = await train("few.txt", verse(2));
  expect(text).toMatch(/The part of \S*few\.txt to learn from has \d\d characters, too few/);
  expect(text).toContain("at least 100");
  const few = file("eight.txt", "the sky ");
  expect(await mistake("evaluate", poet, few)).toContain(
    "has 8 characters, too few: it takes at least 9",
  );
});

test("the message names the line and the cell", async () => {
  const text = await train("line.csv", `${waveCsv(60)}2005-01-01,12 EUR\n`);
  expect(text).toContain('line 62: "12 EUR" in column "sales" is not a number');
});

const lines: [string, string[], string][] = [
  ["a missing file", ["train", "nowhere.csv"], "source-missing"],
  ["a folder", ["train", "."], "source-folder"],
  ["no file", ["train"], "command-line"],
  ["an unknown command", ["trian", "x.csv"], "command-line"],
  ["an unknown option", ["train", "x.csv", "--horzon", "3"], "command-line"],
  ["an option without value", ["train", "x.csv", "--size"], "command-line"],
  ["too many arguments", ["train", "x.csv", "y.csv"], "command-line"],
  ["an empty output folder", ["train", "x.csv", "--out", ""], "option-value"],
  ["a size of 0", ["train", "x.csv", "--size", "0"], "option-value"],
  ["more threads than a machine has", ["train", "x.csv", "--shards", "100000"], "option-value"],
  ["a size in words", ["train", "x.csv", "--size", "big"], "option-value"],
  ["an unknown cell", ["train", "x.csv", "--cell", "transformer"], "option-value"],
  ["a missing config", ["train", "x.csv", "--config", "no.json"], "source-missing"],
  ["a missing run", ["forecast", "no-run"], "model-missing"],
  ["a run that never was", ["resume", "no-run"], "model-missing"],
];
test.each(lines)("%s is refused", async (_, args, code) => {
  expect(await mistake(...args)).toContain(`(${code})`);
});

test("a near miss is suggested", async () => {
  expect(await mistake("train", "x.csv", "--horzon", "3")).toContain("Did you mean --horizon?");
});

test("an option of the other task is refused", async () => {
  const text = await train("other.txt", verse(30), "--horizon", "3");
  expect(text).toContain("--horizon has no meaning for a language model");
});

test("a method that the task cannot be learned with is refused", async () => {
  const text = await train("ends.csv", waveCsv(60), "--method", "truncated");
  expect(text).toContain("bptt, checkpointed or auto");
});

const configs: [string, string][] = [
  ['{ "sise": 3 }', "config-unknown"],
  ['{ "size": "big" }', "config-value"],
  ["{ size: 3 }", "config-json"],
  ["[1]", "config-value"],
];
test.each(configs)("config %s is refused", async (content, code) => {
  const config = file("config.json", content);
  expect(await train("config.csv", waveCsv(60), "--config", config)).toContain(`(${code})`);
});

test("a run is not written over", async () => {
  const before = readFileSync(`${model}/weights.safetensors`);
  const text = await mistake("train", file("again.csv", waveCsv(60)), "--out", model);
  expect(text).toMatch(/Go on with it: retrograd resume \S*model\./);
  expect(readFileSync(`${model}/weights.safetensors`)).toEqual(before);
});

test("models and tasks do not mix", async () => {
  expect(await mistake("generate", model)).toContain("(model-task)");
  expect(await mistake("forecast", poet)).toContain("(model-task)");
  expect(await mistake("evaluate", model, file("novel.md", verse(9)))).toContain(
    "(source-not-table)",
  );
});

test("ways to choose characters that are none are refused", async () => {
  const said = (...how: string[]) => mistake("generate", poet, ...how);
  expect(await said("--beam", "0")).toContain('--beam was given "0", but takes a whole number');
  expect(await said("--nucleus", "2")).toContain("a share above 0 and at most 1");
  expect(await said("--beam", "2", "--nucleus", "0.5")).toContain("a beam draws nothing");
});

test("characters that a model has never seen are named", async () => {
  expect(await mistake("generate", poet, "--prompt", "日本")).toContain("(text-unknown-character)");
  expect(await mistake("generate", poet, "--prompt", "")).toContain("(prompt-empty)");
  const text = file("strange.txt", `${verse(3)}Ж`);
  expect(await mistake("evaluate", poet, text)).toContain('line 4: the character "Ж" (U+0416)');
});

/** A copy of the model, with its weights changed. */
function damaged(name: string, change: (bytes: Uint8Array) => Uint8Array): string {
  const folder = place(name);
  mkdirSync(folder);
  copyFileSync(`${model}/config.json`, `${folder}/config.json`);
  const bytes = new Uint8Array(readFileSync(`${model}/weights.safetensors`));
  writeFileSync(`${folder}/weights.safetensors`, change(bytes));
  return folder;
}
const replaced = (bytes: Uint8Array, from: string, to: string) =>
  new Uint8Array(Buffer.from(Buffer.from(bytes).toString("latin1").replace(from, to), "latin1"));

const damages: [string, (bytes: Uint8Array) => Uint8Array, string][] = [
  ["cut short", (bytes) => bytes.slice(0, bytes.length - 9), "weights-damaged"],
  ["empty", () => new Uint8Array(), "weights-damaged"],
  ["a header longer than the file", (b) => b.fill(0xff, 0, 6), "weights-damaged"],
  ["a header that lies about a shape", (b) => replaced(b, "[2]", "[9]"), "weights-damaged"],
  ["weights of another model", (b) => replaced(b, "0.Wh", "0.Wj"), "weights-unfit"],
];
test.each(damages)("weights: %s", async (name, change, code) => {
  const text = await mistake("forecast", damaged(name.replaceAll(" ", "-"), change));
  expect(text).toContain(`(${code})`);
  expect(text).toContain("weights.safetensors");
});

const edits: [string, string, string][] = [
  ['"size": 4', '"size": 1e99', "network.size is 1e+99"],
  ['"task": "forecast"', '"task": "magic"', 'its task is "magic"'],
  ["retrograd model 1", "onnx", 'its format is "onnx"'],
  ['"horizon": 2', '"horizon": "two"', "horizon"],
  ["{", "{{", "is not a model"],
];
test.each(edits)("config.json with %s as %s", async (from, to, said) => {
  const folder = damaged(`edit-${from.length}-${to.length}`, (bytes) => bytes);
  const text = readFileSync(`${folder}/config.json`, "utf8").replace(from, to);
  writeFileSync(`${folder}/config.json`, text);
  const message = await mistake("forecast", folder);
  expect(message).toContain(said);
  expect(message).toContain("(model-damaged)");
});

test("a run whose file has changed is not resumed", async () => {
  const path = file("moving.csv", waveCsv(60));
  const out = place("moving");
  const flags = ["--size", "4", "--epochs", "1", "--horizon", "2", "--no-report"];
  await retrograd("train", path, "--out", out, ...flags);
  writeFileSync(path, waveCsv(61));
  expect(await mistake("resume", out)).toContain("(source-changed)");
});

test("a run whose file has moved says how to name it", async () => {
  const path = file("leaving.csv", waveCsv(60));
  const out = place("left");
  const flags = ["--size", "4", "--epochs", "1", "--horizon", "2", "--no-report"];
  await retrograd("train", path, "--out", out, ...flags);
  rmSync(path);
  for (const command of ["resume", "forecast"]) {
    const text = await mistake(command, out);
    expect(text).toContain("leaving.csv, which is no longer there");
    expect(text).toContain("--data FILE");
  }
  const again = file("arrived.csv", waveCsv(60));
  expect((await retrograd("resume", out, "--data", again, "--no-report")).code).toBe(0);
  expect((await retrograd("forecast", out, again)).code).toBe(0);
});

test("machines get the error as a line too", async () => {
  const { out } = await retrograd("train", "nowhere.csv", "--json");
  expect(lastLine(out)).toMatchObject({ type: "error", code: "source-missing" });
});

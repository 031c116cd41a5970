/** retrograd check: a sound model is told so, a broken one is named in a sentence. */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { decodeSafetensors } from "retrograd/layers";
import { encodeWeights } from "retrograd/tasks";
import { beforeAll, expect, test } from "vitest";
import { file, lastLine, place, retrograd, verse, waveCsv } from "./command.ts";

const [waveRun, poemRun] = [place("wave-run"), place("poem-run")];
const small = ["--size", "6", "--epochs", "2", "--no-report"];
let sales: string;

beforeAll(async () => {
  sales = file("sales.csv", waveCsv(120));
  const text = file("poem.txt", verse(20));
  await retrograd("train", sales, "--out", waveRun, "--horizon", "3", ...small);
  await retrograd("train", text, "--out", poemRun, "--window", "16", "--batch", "4", ...small);
}, 60_000);

/** Another weights file in the run's folder, with numbers of one parameter replaced. */
function broken(name: string, parameter: string, f: (x: number, at: number) => number): string {
  const { tensors } = decodeSafetensors(readFileSync(`${waveRun}/weights.safetensors`));
  const own = tensors[parameter];
  own.data.forEach((x: number, i: number) => void (own.data[i] = f(x, i)));
  const path = `${waveRun}/${name}.safetensors`;
  // A flat tree of the same names.
  writeFileSync(path, encodeWeights(tensors));
  return path;
}

test("a sound forecaster: weights, gradient, behaviour and window, and exit code 0", async () => {
  const { out, err, code } = await retrograd("check", waveRun);
  expect(err).toBe("");
  expect(code).toBe(0);
  expect(out).toMatch(/✓ weights +\d+ numbers, all of them finite/);
  expect(out).toMatch(/✓ gradient +6 ways of computing the gradient agree/);
  expect(out).toMatch(/✓ behaviour +Repeatable, finite, rows apart/);
  expect(out).toMatch(/window +\S.* steps give the gradient to|No window shorter than/);
  expect(out).toMatch(/window +cosine +± +error +± +bias/);
  expect(out).toContain("✓ Nothing is wrong with this model.");
});

test("a language model is told of the window it learned in; a machine is told everything", async () => {
  const { out } = await retrograd("check", poemRun);
  expect(out).toContain("It learned in windows of 16");
  const said = await retrograd("check", poemRun, "--json");
  const { type, sound, certificate, lint, truncation, health } = lastLine(said.out);
  expect([type, sound, certificate.agrees, lint.sound]).toEqual(["summary", true, true, true]);
  expect(truncation.time).toBe(64);
  expect(truncation.windows.map(({ window }: any) => window)).toEqual([8, 16, 32, 64]);
  expect(health.parameters).toBeGreaterThan(100);
});

test("weights that are NaN are named, with the exit code of a failure", async () => {
  const { out, code } = await retrograd(
    "check",
    broken("nan", "0.Wh", () => Number.NaN),
  );
  expect(code).toBe(1);
  expect(out).toContain('144 of 144 numbers of parameter "0.Wh" are NaN or infinite.');
  expect(out).not.toContain("Nothing is wrong");
});

test("a memory that never moves is a fault, and a gate that is shut a warning", async () => {
  // Biases [4, 6] in the order i, f, g, o.
  const still = await retrograd(
    "check",
    broken("still", "0.b", (x, i) => (i < 6 ? -1e4 : x)),
  );
  expect(still.out).toContain('6 of 6 units of state "h" never move.');
  expect(still.code).toBe(1);
  const shut = await retrograd(
    "check",
    broken("shut", "0.b", (x, i) => (i >= 6 && i < 12 ? 30 : x)),
  );
  expect(shut.out).toMatch(/6 of 6 units of logistic \d in the step are wide open or shut/);
  expect(shut.out).toContain("No fault");
  expect(shut.code).toBe(0);
});

test("without the run's file the rest is checked, and it is said", async () => {
  renameSync(sales, `${sales}.gone`);
  const { out, code } = await retrograd("check", waveRun);
  expect(code).toBe(0);
  expect(out).toContain("inputs were made up");
  expect((await retrograd("check", waveRun, `${sales}.gone`)).out).toMatch(/cosine/);
  renameSync(`${sales}.gone`, sales);
  const short = await retrograd("check", waveRun, file("short.csv", waveCsv(9)));
  expect(short.out.replace(/\s+/g, " ")).toContain("is shorter than what the model looks at");
});

test("what is no model is refused", async () => {
  const { err, code } = await retrograd("check", place("nowhere"));
  expect(code).toBe(1);
  expect(err).toContain("(model-missing)");
});

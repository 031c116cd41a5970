/**
 * What happens in the middle of a run: Ctrl-C, kill -9, a full disk, a second run in the same
 * folder, numbers that stop being finite. Nothing is lost, and `resume` ends with the same bits.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { ended, file, lastLine, linesOf, place, retrograd, start, waveCsv } from "./command.ts";

const settings = [
  ...["--size", "8", "--window", "12", "--horizon", "3", "--epochs", "40", "--patience", "40"],
  ...["--batch", "8", "--checkpoint", "2", "--no-report", "--seed", "3"],
];
const sales = () => file("sales.csv", waveCsv(200));
const whole = place("whole");
const trainInto = (folder: string, ...flags: string[]) => [
  ...["train", sales(), "--out", folder, ...settings, ...flags],
];
const weights = (folder: string) => readFileSync(`${folder}/weights.safetensors`).toString("hex");
const stepsOf = (folder: string) =>
  linesOf(readFileSync(`${folder}/metrics.jsonl`, "utf8"))
    .filter(({ type }) => type === "step")
    .map(({ step, loss }) => [step, loss]);

beforeAll(async () => {
  expect((await retrograd(...trainInto(whole))).code).toBe(0);
}, 60_000);

/** It has all that an undisturbed run has. */
function expectWhole(folder: string): void {
  expect(weights(folder)).toBe(weights(whole));
  expect(stepsOf(folder)).toEqual(stepsOf(whole));
  const files = readdirSync(folder).sort();
  expect(files).toEqual(readdirSync(whole).sort());
}

test("Ctrl-C ends after the step under way, and resume ends with the same bits", async () => {
  const folder = place("interrupted");
  const child = start([...trainInto(folder), "--json"]);
  let sent = false;
  const said = await ended(child, (out) => {
    if (sent || !out.includes('"type":"checkpoint"')) return;
    sent = child.kill("SIGINT");
  });
  expect(said.err).toBe("");
  expect(said.code).toBe(130);
  expect(lastLine(said.out)).toMatchObject({ status: "interrupted", folder });
  expect(existsSync(`${folder}/weights.safetensors`)).toBe(false);
  expect(existsSync(`${folder}/lock`)).toBe(false);
  expect((await retrograd("resume", folder, "--no-report")).code).toBe(0);
  expectWhole(folder);
}, 60_000);

test("Ctrl-C says how to go on", async () => {
  const folder = place("told");
  const child = start(trainInto(folder));
  let sent = false;
  const { out, code } = await ended(child, (said) => {
    if (!sent && said.includes("epoch ")) sent = child.kill("SIGINT");
  });
  expect(code).toBe(130);
  expect(out).toContain("Stopping after this step. Ctrl-C again ends at once.");
  expect(out).toMatch(/Stopped after step \d+; nothing is lost\. Go on with:\n +retrograd resume /);
}, 60_000);

test("kill -9, in training and while checkpoints are written, and resume: the same bits", async () => {
  const folder = place("killed");
  let kills = 0;
  let done = false;
  for (let attempt = 0; attempt < 12 && !done; attempt++) {
    const begun = existsSync(`${folder}/config.json`);
    const child = start([
      ...(begun ? ["resume", folder, "--no-report"] : trainInto(folder)),
      "--json",
    ]);
    let set = false;
    const delay = kills < 4 ? 2 + ((attempt * 17.3) % 60) : Number.POSITIVE_INFINITY;
    // Every other step has a checkpoint: the moments fall on all parts of writing one.
    const { code } = await ended(child, (out) => {
      if (set || !out.includes('"type":"step"') || delay === Number.POSITIVE_INFINITY) return;
      set = true;
      setTimeout(() => child.kill("SIGKILL"), delay);
    });
    done = code === 0;
    if (!done) kills++;
  }
  expect(done).toBe(true);
  expect(kills).toBeGreaterThanOrEqual(3);
  expectWhole(folder);
}, 120_000);

test("a second run in the same folder is refused, and disturbs nothing", async () => {
  const folder = place("shared");
  const first = start([...trainInto(folder), "--json"]);
  let refused: Promise<{ code: number; err: string }> | undefined;
  const { code } = await ended(first, (out) => {
    if (!refused && out.includes('"type":"step"')) {
      first.kill("SIGSTOP"); // it stays where it is while the other one tries
      refused = retrograd("resume", folder, "--no-report").finally(() => first.kill("SIGCONT"));
    }
  });
  expect(code).toBe(0);
  expect(await refused).toMatchObject({ code: 1 });
  expect((await refused)!.err).toContain("(folder-locked)");
  expectWhole(folder);
}, 60_000);

test("a full disk is named; what was there before stays, and resume ends the same", async () => {
  const folder = place("full");
  const child = start(trainInto(folder), "ulimit -f 4; ");
  const { code, err } = await ended(child);
  expect(code).toBe(1);
  expect(err).toMatch(
    /^✗ There is no space left to write \S+full\/\S+\n +Free some space and go on: .*\(disk-full\)\n/,
  );
  expect(err).toMatch(/It came after update \d+, .* with:\n +retrograd resume /);
  expect(existsSync(`${folder}/lock`)).toBe(false);
  expect((await retrograd("resume", folder, "--no-report")).code).toBe(0);
  expectWhole(folder);
}, 60_000);

test("numbers that stop being finite: the step, the op and the parameter are named", async () => {
  const folder = place("diverged");
  const wild = ["--rate", "1e30", "--clip", "1e30"];
  const { code, err } = await retrograd(...trainInto(folder, ...wild));
  expect(code).toBe(1);
  expect(err).toMatch(/^✗ The loss, .* "\d\.\w+", stopped being finite.* in \w+/);
  expect(err).toMatch(
    /It was update \d+, in epoch 1; .*\. .* with:\n +retrograd resume .* --rate /,
  );
  expect(existsSync(`${folder}/weights.safetensors`)).toBe(false);
  const again = await retrograd(
    "resume",
    folder,
    "--rate",
    "0.003",
    "--clip",
    "1",
    "--epochs",
    "1",
  );
  expect(again.code === 0 || again.err.includes("(not-finite)")).toBe(true);
});

test("a damaged checkpoint: the one before it is used, and the bits are the same", async () => {
  const folder = place("bitten");
  const child = start([...trainInto(folder), "--json"]);
  let count = 0;
  await ended(child, (out) => {
    count = linesOf(out).filter(
      ({ type, kind }) => type === "checkpoint" && kind === "last",
    ).length;
    if (count >= 5) child.kill("SIGKILL");
  });
  const newest = ["last-0.safetensors", "last-1.safetensors"]
    .map((name) => `${folder}/checkpoints/${name}`)
    .sort((a, b) => serial(b) - serial(a))[0];
  const bytes = readFileSync(newest);
  writeFileSync(newest, bytes.subarray(0, bytes.length - 40));
  const { code, out } = await retrograd("resume", folder, "--no-report");
  expect(code).toBe(0);
  expect(out).toContain("is damaged, so the one before it is used");
  expectWhole(folder);
}, 60_000);

/** Number of a checkpoint, from its header. */
function serial(path: string): number {
  const text = readFileSync(path).toString("latin1");
  return Number(/serial\\":(\d+)/.exec(text)?.[1] ?? -1);
}

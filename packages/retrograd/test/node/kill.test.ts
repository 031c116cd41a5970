/** kill -9 at any moment, also while a checkpoint is written: the weights end the same. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import "../../src/node/index.ts";
import { train } from "../../src/train/index.ts";
import { bits } from "../train/tasks.ts";
import { optionsOf } from "./echoRun.ts";

const folder = mkdtempSync(join(tmpdir(), "retrograd-kill-"));
const script = join(folder, "child.mjs");
const runs = join(folder, "run");
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(() =>
  build({
    entryPoints: [fileURLToPath(new URL("./trainUntilKilled.ts", import.meta.url))],
    outfile: script,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    ignoreAnnotations: true, // package.json names the side effects of dist, not of src
  }),
);

const ended = (child: ChildProcess) => new Promise<void>((r) => child.once("close", () => r()));

/** Start the process; kill it `delay` ms after its first step. Says whether it had finished. */
async function runUntil(delay: number): Promise<{ finished: boolean; steps: number[] }> {
  const child = spawn(process.execPath, [script, runs], { stdio: ["ignore", "pipe", "pipe"] });
  let [text, errors] = ["", ""];
  child.stderr.on("data", (part) => {
    errors += part;
  });
  child.stdout.on("data", (part) => {
    if (text === "" && delay < Infinity) setTimeout(() => child.kill("SIGKILL"), delay);
    text += part;
  });
  await ended(child);
  expect(errors).toBe("");
  const lines = text.split("\n");
  return { finished: lines.includes("done"), steps: lines.map(Number).filter((n) => n > 0) };
}

test("killed at random moments, a run ends with the bits of an undisturbed one", async () => {
  const whole = train(optionsOf({}));
  for await (const _ of whole);
  let kills = 0;
  let start = 1; // where the last attempt went on; a slow machine may be killed before its first step
  for (let attempt = 0; attempt < 30 && (kills < 6 || start === 1); attempt++) {
    // A step and its checkpoint take a few milliseconds: the moments fall on all of their parts.
    const { finished, steps } = await runUntil(3 + ((attempt * 7.3) % 41));
    if (finished) break;
    start = steps[0] ?? start;
    kills++;
  }
  expect(kills).toBeGreaterThanOrEqual(5);
  expect(start).toBeGreaterThan(1);
  const { finished } = await runUntil(Infinity);
  expect(finished).toBe(true);
  const again = await train.resume(runs, optionsOf({}));
  expect(again.position).toEqual(whole.position);
  expect(bits(again.params)).toEqual(bits(whole.params));
  expect(again.best!.at).toEqual(whole.best!.at);
  expect(bits(again.best!.params)).toEqual(bits(whole.best!.params));
  expect(readdirSync(runs).sort()).toEqual([
    "best.safetensors",
    "last-0.safetensors",
    "last-1.safetensors",
  ]);
}, 60_000);

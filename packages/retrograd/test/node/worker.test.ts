/** Training in a thread of Node: the same events, the same bits, and a way to stop. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { messages } from "../../src/errors/files.ts";
import { notice } from "../../src/errors.ts";
import { trainInWorker } from "../../src/node/index.ts";
import { type TrainEvent, train } from "../../src/train/index.ts";
import { bits, eventsOf } from "../train/tasks.ts";
import { type EchoRun, optionsOf } from "./echoRun.ts";

const folder = mkdtempSync(join(tmpdir(), "retrograd-worker-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const loader = new URL("./typescript.mjs", import.meta.url);
const module = new URL("./echoRun.ts", import.meta.url);
const start = (options: EchoRun & { again?: boolean }, url: URL | string = module) =>
  trainInWorker(url, options, { execArgv: ["--import", loader.href] });
const timeless = (events: TrainEvent[]) => events.map((e) => ({ ...e, milliseconds: 0 }));

test("events and parameters are those of a run on this thread", async () => {
  const here = train(optionsOf({ epochs: 3 }));
  const there = start({ epochs: 3 });
  expect(timeless(await eventsOf(there))).toEqual(timeless(await eventsOf(here)));
  expect(bits(there.params)).toEqual(bits(here.params));
  expect(there.best!.at).toEqual(here.best!.at);
  expect(bits(there.best!.params)).toEqual(bits(here.best!.params));
});

test("stop ends it with a checkpoint, from which another goes on", async () => {
  const run = start({ folder, epochs: 400 });
  const events: TrainEvent[] = [];
  for await (const event of run) {
    events.push(event);
    if (event.type === "step" && event.step === 3) run.stop();
  }
  const done = events.at(-1)!;
  expect(done).toMatchObject({ type: "done", reason: "stopped" });
  const again = start({ folder, epochs: done.epoch + 1, again: true });
  const rest = await eventsOf(again);
  expect(rest.find((e) => e.type === "step")!.step).toBe(done.step + 1);
  const whole = train(optionsOf({ epochs: done.epoch + 1 }));
  await eventsOf(whole);
  expect(bits(again.params)).toEqual(bits(whole.params));
});

test("errors cross over with their code", async () => {
  await expect(eventsOf(start({ spoilt: true }))).rejects.toThrowErrorMatchingSnapshot();
  await expect(eventsOf(start({ spoilt: true }))).rejects.toMatchObject({ code: "no-batches" });
  const empty = "data:text/javascript,export const made = 1";
  await expect(eventsOf(start({}, empty))).rejects.toThrowErrorMatchingSnapshot();
  const broken = "data:text/javascript,export const build = () => { throw new Error('no model') }";
  await expect(eventsOf(start({}, broken))).rejects.toThrowErrorMatchingSnapshot();
  const reason = 'Unknown file extension ".ts" for /lesson.ts';
  expect(notice(messages, "worker-failed", { module: "lesson.ts", reason }).text).toContain(
    "compiled .js file",
  );
});

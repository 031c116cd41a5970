/**
 * A run from its first step, or from its last checkpoint, to its report. Everything that happens is
 * an event: it goes to the view and to metrics.jsonl. Interrupted, it says how to go on.
 */
import { RetrogradError, random } from "retrograd";
import { countParameters } from "retrograd/layers";
import { joinRanks, leaveRanks } from "retrograd/node";
import { encodeWeights, networkOf, trainOptions } from "retrograd/tasks";
import { type DoneReason, type Run, type TrainEvent, train } from "retrograd/train";
import { EXIT } from "../failure.ts";
import { inFlags } from "../settings.ts";
import type { Beginning } from "../show/view.ts";
import { encodeConfig, modelConfig } from "./config.ts";
import { readLines } from "./folder.ts";
import { onInterrupt } from "./interrupt.ts";
import { type Job, log, stamped } from "./job.ts";
import { judge } from "./judge.ts";

/** Train, judge, write; gives the exit code. */
export async function carryOut(job: Job, resumed: boolean): Promise<number> {
  const { task, folder, view, settings } = job;
  const place = {
    store: folder.checkpoints,
    target: settings.compileFor,
    every: settings.checkpoint,
    shards: settings.shards,
  };
  const options = trainOptions(task.lessons, task.config.learning, place);
  if (!resumed) {
    await folder.write("config.json", encodeConfig(modelConfig(task), job.source, settings));
    await log(job, ...job.notes);
  }
  const run = resumed ? await goOn(job, options) : train(options);
  view.begin(beginningOf(job, run.position.step));
  const interrupt = onInterrupt(() => {
    view.pause();
    view.say("Stopping after this step. Ctrl-C again ends at once.");
    run.stop();
  });
  const stood = { checkpoint: run.position.step };
  let stopped = false;
  try {
    stopped = (await follow(job, run, stood)) === "stopped";
  } catch (error) {
    throw await failed(job, run, stood.checkpoint, error);
  } finally {
    view.pause();
    interrupt.release();
  }
  const params = run.best?.params ?? run.params;
  const isOver = stopped || interrupt.happened;
  // Before the ranks part: MPI's own end may fail, and what was learned is not lost by it.
  if (!isOver && !job.assists) await folder.write("weights.safetensors", encodeWeights(params));
  leaveRanks();
  if (isOver) return interrupted(job, run);
  if (job.assists) return EXIT.fine;
  await log(job, `Trained for ${run.position.step} steps.`);
  const judged = { ...job, settings: { ...settings, compileFor: run.target } };
  return judge(judged, params, run.explain());
}

/** A run from its last checkpoint, or from its start where it never came to one. */
async function goOn(job: Job, options: ReturnType<typeof trainOptions>): Promise<Run> {
  const { folder } = job;
  const run = await train.resume(folder.checkpoints, options).catch((error: unknown) => {
    if (error instanceof RetrogradError && error.code === "checkpoint-missing")
      return train(options);
    throw error;
  });
  const { step } = run.position;
  const lines = await readLines(folder.path, "metrics.jsonl");
  // What came after the checkpoint happens again.
  const kept = lines.filter((event) => event.step <= step && event.type !== "done");
  await folder.write("metrics.jsonl", kept.map((event) => `${JSON.stringify(event)}\n`).join(""));
  await log(job, `Resumed at step ${step}.`);
  return run;
}

/**
 * @param stood  learns the step of each checkpoint
 * @returns      why it is over: with several ranks, "stopped" though this one was not told to
 */
async function follow(
  { folder, view, settings, task }: Job,
  run: Run,
  stood: { checkpoint: number },
): Promise<DoneReason | undefined> {
  const every = Math.min(settings.checkpoint ?? 100, task.lessons.batches);
  let lines: string[] = [];
  let reason: DoneReason | undefined;
  const flush = async () => {
    const text = lines.join("");
    lines = [];
    if (text) await folder.append("metrics.jsonl", text);
  };
  try {
    for await (const own of run as AsyncIterable<TrainEvent>) {
      const event = own.type === "warning" ? { ...own, text: inFlags(own.text) } : own;
      lines.push(`${JSON.stringify(event)}\n`);
      // Lines first, then the checkpoint: who dies in between leaves too many, not too few.
      if (event.type !== "step" || event.step % every === 0 || lines.length > 50) await flush();
      if (event.type === "checkpoint" && event.kind === "last") stood.checkpoint = event.step;
      if (event.type === "done") ({ reason } = event);
      if (event.type === "warning" || event.type === "method")
        await folder.append("log.txt", stamped(event.text));
      view.event(event, run.peakBytes);
    }
  } finally {
    await flush();
  }
  return reason;
}

async function interrupted(job: Job, run: Run): Promise<number> {
  const { folder, view } = job;
  const { step } = run.position;
  await log(job, `Interrupted at step ${step}.`);
  const text =
    `  Stopped after step ${step}; nothing is lost. Go on with:\n` +
    `    retrograd resume ${folder.path}`;
  view.finish(text, { status: "interrupted", folder: folder.path, step });
  return EXIT.interrupted;
}

/** An error of training, which says in which update it came, what is kept and how to go on. */
async function failed(
  { folder, task }: Job,
  run: Run,
  checkpoint: number,
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof RetrogradError)) return error;
  const { step, epoch } = run.position;
  const kept = checkpoint ? `the checkpoint of step ${checkpoint} is kept` : "no checkpoint yet";
  const slower = Number((task.config.learning.rate / 4).toPrecision(2));
  const isNumeric = error.code === "not-finite";
  const when = isNumeric ? `It was update ${step + 1}` : `It came after update ${step}`;
  const from = checkpoint ? "Go on from it" : "Begin again";
  error.message +=
    `\n  ${when}, in epoch ${epoch + 1}; ${kept}. ${from} with:` +
    `\n    retrograd resume ${folder.path}${isNumeric ? ` --rate ${slower}` : ""}`;
  await log({ folder }, `Failed: ${error.message}`).catch(() => {}); // the disk may be full
  return error;
}

function beginningOf({ task, folder, settings }: Job, done: number): Beginning {
  const { lessons, config } = task;
  const { model, input } = networkOf(modelConfig(task));
  const parameters = countParameters(
    model.init(random.key(0), input === undefined ? {} : { input }),
  );
  const isText = task.task === "language";
  const { batch, epochs } = config.learning;
  return {
    ...{ folder: folder.path, task: task.task, batches: lessons.batches, epochs, parameters, done },
    steps: epochs * lessons.batches,
    unit: isText ? "characters" : "sequences",
    shards: joinRanks()?.count ?? settings.shards ?? 1,
    perStep: isText ? batch * config.window : batch,
  };
}

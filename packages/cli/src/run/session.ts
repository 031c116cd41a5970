/**
 * A run from its first step, or from its last checkpoint, to its report. Everything that happens is
 * an event: it goes to the view and to metrics.jsonl. Interrupted, it says how to go on.
 */
import { RetrogradError, random } from "retrograd";
import { countParameters } from "retrograd/layers";
import { encodeWeights, networkOf, trainOptions } from "retrograd/tasks";
import { type Run, type TrainEvent, train } from "retrograd/train";
import { EXIT } from "../failure.ts";
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
  try {
    await follow(job, run);
  } finally {
    view.pause();
    interrupt.release();
  }
  if (interrupt.happened) return interrupted(job, run);
  const params = run.best?.params ?? run.params;
  await folder.write("weights.safetensors", encodeWeights(params));
  await log(job, `Trained for ${run.position.step} steps.`);
  return judge(job, params, run.explain());
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

async function follow({ folder, view }: Job, run: Run): Promise<void> {
  let lines: string[] = [];
  const flush = async () => {
    const text = lines.join("");
    lines = [];
    if (text) await folder.append("metrics.jsonl", text);
  };
  try {
    for await (const event of run as AsyncIterable<TrainEvent>) {
      lines.push(`${JSON.stringify(event)}\n`);
      if (event.type !== "step" || lines.length > 50) await flush();
      if (event.type === "warning") await folder.append("log.txt", stamped(event.text));
      view.event(event, run.peakBytes);
    }
  } finally {
    await flush();
  }
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

function beginningOf({ task, folder }: Job, done: number): Beginning {
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
    perStep: isText ? batch * config.window : batch,
  };
}

/**
 * After training: scores beside the baselines, the gradient's reach, the files, and the last
 * word.
 */
import {
  describeReach,
  type ForecastScores,
  type ForecastTask,
  forecaster,
  forecastFuture,
  forecastReach,
  generate,
  type LanguageTask,
  languageReach,
  scoreForecasts,
  scoreLanguage,
  spreadOf,
} from "retrograd/tasks";
import { EXIT } from "../failure.ts";
import type { Judgement, ReportData } from "../report/data.ts";
import { forecastExamples } from "../report/examples.ts";
import { wrap } from "../show/columns.ts";
import { HEADING, judgedPart } from "../show/judged.ts";
import {
  forecastTable,
  forecastVerdict,
  futureTable,
  languageTable,
  languageVerdict,
} from "../show/summary.ts";
import { futureJson } from "../show/times.ts";
import { encodeConfig, modelConfig } from "./config.ts";
import { readLines } from "./folder.ts";
import { type Job, log } from "./job.ts";

/** Judge a trained model, write what is left to write, and say it; gives the exit code. */
export async function judge(job: Job, params: unknown, program: string): Promise<number> {
  const { task, folder, view } = job;
  view.say("Judging …");
  const found =
    task.task === "forecast"
      ? judgeForecast(job, task, params)
      : await judgeLanguage(job, task, params);
  if (found.config) await folder.write("config.json", found.config);
  await folder.write("results.json", `${JSON.stringify(found.results, null, 2)}\n`);
  const metrics = await readLines(folder.path, "metrics.jsonl");
  const data = {
    ...found.data,
    ...{ source: job.source.name, notes: job.notes, metrics, program },
  } as ReportData;
  if (job.report) {
    const { renderReport } = await import("../report/report.ts");
    await folder.write("report.html", renderReport(data));
  }
  await log(job, "Finished.");
  const files = ["weights.safetensors", "config.json", ...(job.report ? ["report.html"] : [])];
  const text = [found.text, "", filesText(folder.path, files, job), nextText(job)].join("\n");
  view.finish(text, { status: "finished", folder: folder.path, files, ...found.results });
  return EXIT.fine;
}

interface Judged {
  readonly text: string;
  readonly results: Record<string, unknown>;
  readonly data: Judgement;
  /** config.json, where judging adds to it. */
  readonly config?: string;
}

function judgeForecast(job: Job, task: ForecastTask, params: unknown): Judged {
  const { terminal, settings } = job;
  const { archive, split } = task;
  const run = forecaster(task.config, params, settings.compileFor);
  const spread = spreadOf(task.config, run, archive, split.validation);
  const config = { ...task.config, spread };
  const judged = judgedPart(split, (list) => list.length > 0);
  const parts = judged.part;
  const scores = scoreForecasts(config, run, archive, parts, split.train);
  const reaches = forecastReach(config, params, archive, parts, settings.compileFor);
  const reach = describeReach(reaches);
  const futures = forecastFuture(config, run, archive);
  const paint = terminal.paint.bind(terminal);
  const { isDate } = archive;
  const next = futureTable(futures.slice(0, 1), isDate, paint, 7);
  const text = [
    "",
    indent(forecastTable(scores, HEADING[judged.name], paint)),
    "",
    indent(forecastVerdict(scores, paint)),
    wrap(reach.sentence, Math.min(terminal.columns, 100)),
    "",
    `  What comes next${futures.length > 1 ? `, for the first of ${futures.length} series` : ""}:`,
    "",
    next,
  ].join("\n");
  const examples = forecastExamples(config, run, archive, parts, strongestOf(scores));
  return {
    config: encodeConfig(config, job.source, settings),
    text,
    results: {
      task: "forecast",
      judged: judged.name,
      scores,
      reach,
      forecast: futures.map((future) => futureJson(future, isDate)),
    },
    data: {
      ...{ task: "forecast", config, judged: judged.name, scores, reaches, reach },
      ...{ futures, examples, isDate },
    },
  };
}

/** The baseline that errs least for the first target. */
function strongestOf({ targets: [{ scores }] }: ForecastScores): string {
  return scores.slice(1).reduce((a, b) => (b.rmse < a.rmse ? b : a)).method;
}

async function judgeLanguage(job: Job, task: LanguageTask, params: unknown): Promise<Judged> {
  const { terminal, settings } = job;
  const { config, parts, counts } = task;
  const target = settings.compileFor;
  const judged = judgedPart(parts, (codes) => codes.length > 64);
  const scores = await scoreLanguage(config, params, judged.part, counts, target);
  const reaches = languageReach(config, params, judged.part, target);
  const reach = describeReach(reaches);
  const samples = [0.5, 0.8, 1.1].map((temperature, seed) => ({
    temperature,
    prompt: config.opening,
    text: [...generate(config, params, { temperature, seed, length: 300, target })].join(""),
  }));
  const paint = terminal.paint.bind(terminal);
  const shown = samples[1];
  const text = [
    "",
    indent(languageTable(scores, HEADING[judged.name], paint)),
    "",
    indent(languageVerdict(scores, paint)),
    wrap(reach.sentence, Math.min(terminal.columns, 100)),
    "",
    `  A sample at temperature ${shown.temperature}:`,
    "",
    indent(paint("dim", shown.prompt) + shown.text, "    "),
  ].join("\n");
  return {
    text,
    results: { task: "language", judged: judged.name, scores, reach, samples },
    data: {
      ...{ task: "language", config: modelConfig(task) as never, judged: judged.name },
      ...{ scores, reaches, reach, samples },
    },
  };
}

const indent = (text: string, by = "  ") => text.replace(/^(?=.)/gm, by);

function filesText(folder: string, files: readonly string[], { terminal }: Job): string {
  return `  ${terminal.paint("dim", `${folder}/`)}  ${files.join("  ")}`;
}

function nextText({ folder, task, terminal }: Job): string {
  const next =
    task.task === "forecast"
      ? `retrograd forecast ${folder.path} --csv > forecast.csv`
      : `retrograd generate ${folder.path} --prompt "${task.config.opening}"`;
  return `  ${terminal.paint("dim", "Next:")}  ${next}`;
}

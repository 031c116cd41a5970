/**
 * retrograd check MODEL [FILE]: whether a model is sound, and how far back its gradient must go.
 */
import { basename, dirname } from "node:path";
import type { Tensor } from "retrograd";
import { check } from "retrograd/check";
import { encoded } from "retrograd/data";
import { forecastSample, languageSample, methodOf, networkOf } from "retrograd/tasks";
import { type Batch, crossEntropy, feed, mse } from "retrograd/train";
import { EXIT } from "../failure.ts";
import { type Source, sourceOf } from "../read/source.ts";
import type { RunConfig } from "../run/config.ts";
import { loadModel } from "../run/model.ts";
import { checkText } from "../show/checks.ts";
import type { Terminal } from "../show/terminal.ts";
import { seriesOf } from "./forecast.ts";

export async function checkCommand(
  terminal: Terminal,
  flags: { readonly json?: boolean },
  path: string,
  file?: string,
): Promise<number> {
  const isFile = path.endsWith(".safetensors");
  const folder = isFile ? dirname(path) : path;
  const { config, params } = await loadModel(
    folder,
    undefined,
    isFile ? basename(path) : undefined,
  );
  const { batches, note } = await dataOf(folder, config, file);
  const { model, input } = networkOf(config);
  const loss = config.task === "language" ? crossEntropy() : mse();
  const report = check(model, {
    params,
    ...(batches.length > 0 ? { batches, loss, inputs: inputsOf(batches[0]) } : { input }),
  });
  const { window } = methodOf(config);
  if (flags.json)
    terminal.out(`${JSON.stringify({ type: "summary", ...report, ...(note && { note }) })}\n`);
  else terminal.out(`\n${checkText(report, terminal, { note, window })}\n\n`);
  return report.sound ? EXIT.fine : EXIT.failed;
}

const inputsOf = (batch: Batch): Tensor => feed(batch).inputs;

interface Data {
  readonly batches: readonly Batch[];
  /** Why there is none. */
  readonly note?: string;
}

/** Batches of the file that is named, or of the run's own; without it a model is checked anyway. */
async function dataOf(folder: string, config: RunConfig, file?: string): Promise<Data> {
  const source = await sourceOf(folder, config.run, file).catch((error: { code?: string }) => {
    if (file === undefined && error.code === "source-moved") return undefined;
    throw error;
  });
  const without = "The window was not measured, and inputs were made up";
  if (!source)
    return {
      batches: [],
      note: `${without}: the run's file ${config.run.source.path} is not there. Name it: retrograd check ${folder} FILE`,
    };
  const batches = await batchesOf(folder, config, source).finally(source.close);
  return batches.length > 0
    ? { batches }
    : { batches, note: `${without}: ${source.path} is shorter than what the model looks at.` };
}

async function batchesOf(folder: string, config: RunConfig, source: Source): Promise<Batch[]> {
  if (config.task === "forecast")
    return forecastSample(config, await seriesOf(source, folder, config));
  const characters = await source.characters?.();
  return characters
    ? languageSample(config, encoded(config.vocabulary, characters, source.path))
    : [];
}

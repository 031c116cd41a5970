/** config.json of a run: the model as the library reads it, and what `resume` needs to go on. */
import { resolve } from "node:path";
import { MODEL_FORMAT, type ModelConfig, readModelConfig } from "retrograd/tasks";
import { fail } from "../failure.ts";
import { readBytes } from "../read/bytes.ts";
import type { Source } from "../read/source.ts";
import type { Given } from "../settings.ts";
import type { Prepared } from "./prepare.ts";

export interface RunRecord {
  readonly source: { readonly path: string; readonly name: string; readonly sha256: string };
  readonly settings: Given;
}

export type RunConfig = ModelConfig & { readonly run: RunRecord };

/** The model's part of a config, complete. */
export function modelConfig(task: Prepared): ModelConfig {
  if (task.task === "forecast") return task.config;
  return { ...task.config, counts: task.counts };
}

export function encodeConfig(config: ModelConfig, source: Source, settings: Given): string {
  const { counts, ...rest } = config as ModelConfig & { counts?: unknown };
  const run: RunRecord = {
    source: { path: source.absolute, name: source.name, sha256: source.sha256 },
    settings,
  };
  const whole = { format: MODEL_FORMAT, ...rest, run };
  const text = JSON.stringify(whole, null, 2);
  // Counts of characters are long and nobody reads them: they share one line at the end.
  return counts ? `${text.slice(0, -2)},\n  "counts": ${JSON.stringify(counts)}\n}\n` : `${text}\n`;
}

/** @throws "model-missing", "model-damaged" */
export async function readConfig(folder: string): Promise<RunConfig> {
  const file = `${folder.replace(/\/+$/, "")}/config.json`;
  const bytes = await readBytes(resolve(file)).catch((error) =>
    error.code === "source-missing"
      ? fail("model-missing", { folder, file: "config.json" })
      : Promise.reject(error),
  );
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    fail("model-damaged", { file, reason: (error as Error).message });
  }
  const config = readModelConfig(json, file) as RunConfig;
  const { run } = config;
  if (typeof run?.source?.path !== "string" || typeof run.source.sha256 !== "string")
    fail("model-damaged", { file, reason: "it does not say which file the run learned from" });
  return config;
}

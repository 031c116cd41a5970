/** A finished model from its folder. */

import { RetrogradError } from "retrograd";
import { decodeWeights } from "retrograd/tasks";
import { fail } from "../failure.ts";
import { readBytes } from "../read/bytes.ts";
import { type RunConfig, readConfig } from "./config.ts";

/**
 * @param weights  name of the file within the folder
 * @throws "model-missing", "model-damaged", "weights-damaged", "weights-unfit", "model-task"
 */
export async function loadModel<T extends RunConfig["task"]>(
  folder: string,
  task?: T,
  weights = "weights.safetensors",
): Promise<{ config: Extract<RunConfig, { task: T }>; params: any }> {
  const config = await readConfig(folder);
  if (task && config.task !== task) fail("model-task", { folder, task: config.task, wanted: task });
  const file = `${folder.replace(/\/+$/, "")}/${weights}`;
  const bytes = await readBytes(file).catch((error: unknown) => {
    if (error instanceof RetrogradError && error.code === "source-missing")
      return fail("model-missing", { folder, file: weights });
    throw error;
  });
  const params = named(file, () => decodeWeights(config, bytes, file));
  return { config: config as Extract<RunConfig, { task: T }>, params };
}

/** The library reads bytes and cannot name the file; here it is known. */
function named<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof RetrogradError && error.code === "weights-damaged")
      error.message = `${file}: ${error.message}`;
    throw error;
  }
}

/** Weights in files: safetensors, read with every size checked, written whole or not at all. */
import { readFile } from "node:fs/promises";
import { within } from "../errors.ts";
import { decodeSafetensors, encodeSafetensors, treeOf } from "../layers/weights.ts";
import { refuse, writeWhole } from "./write.ts";

/**
 * Write parameters to a safetensors file; the leaves of the tree are named by their paths ("1.Wx").
 * @param metadata  texts to keep beside them
 * @throws "disk-full", "file-failed"; the file is then what it was before
 */
export const saveWeights = (
  path: string,
  params: unknown,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> => writeWhole(path, encodeSafetensors(params, metadata));

/**
 * Read parameters from a safetensors file, as the tree that was written.
 * @throws "weights-damaged", "file-failed"
 */
export async function loadWeights(path: string): Promise<any> {
  const bytes = await readFile(path).catch((error) => refuse(path, "read", error));
  return within(path, () => treeOf(decodeSafetensors(bytes).tensors));
}

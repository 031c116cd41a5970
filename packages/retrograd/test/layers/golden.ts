/** Where expected outputs of other libraries lie; they are large and not part of this repository. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const folder = process.env.RETROGRAD_DATA ?? join(root, "..", "shared", "data");

/** The file, or undefined with a printed reason. */
export function golden<T>(name: string): T | undefined {
  const path = join(folder, "recurrent-golden", name);
  if (existsSync(path)) return JSON.parse(readFileSync(path, "utf8")) as T;
  console.log(`skipped: there is no ${path}; RETROGRAD_DATA names another folder of data`);
  return undefined;
}

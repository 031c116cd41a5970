/** Where real data sets lie: beside the repository, or in the folder that RETROGRAD_DATA names. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { test } from "vitest";

const beside = fileURLToPath(new URL("../../../../../shared/data/", import.meta.url));
const folder = process.env.RETROGRAD_DATA ?? beside;
const path = (file: string) => `${folder.replace(/\/?$/, "/")}${file}`;

/** The text of a data file, unpacked. */
export function readText(file: string): string {
  const bytes = readFileSync(path(file));
  return (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
}

/** A test on real files; without them it is skipped, and says which are missing. */
export function testOnFiles(name: string, files: readonly string[], body: () => void): void {
  const absent = files.filter((file) => !existsSync(path(file)));
  if (absent.length === 0) {
    test(name, body);
    return;
  }
  const reason = `no ${absent.join(", ")}; RETROGRAD_DATA names the folder of data`;
  console.warn(`skipped: ${name} (${reason})`);
  test.skip(`${name} (${reason})`, body);
}

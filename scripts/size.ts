/**
 * How much there is to read, to know and to download: lines per folder, counts of concepts, the
 * bundle, and the time a type check takes. Concepts are counted because lines alone can be gamed.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BUNDLE_LIMIT_KB, type Weight, weighLibrary, weighPage } from "./bundle.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

interface Source {
  path: string;
  text: string;
  lines: number;
}

/** Every TypeScript file below a folder of the repository. */
const read = (folder: string): Source[] =>
  existsSync(join(root, folder))
    ? readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".ts"))
        .map((name) => {
          const text = readFileSync(join(root, folder, name), "utf8");
          return { path: name, text, lines: text.split("\n").length - 1 };
        })
    : [];

const FOLDERS = [
  "packages/retrograd/src",
  "packages/retrograd/test",
  "packages/cli/src",
  "packages/cli/test",
  "examples",
  "benchmarks",
  "scripts",
];

/** What counts as one concept: a pattern, and where to look for it. */
const CONCEPTS: [name: string, folder: string, pattern: RegExp][] = [
  [
    "scalar functions",
    "packages/retrograd/src/scalar",
    /^export const \w+ = (scalar|comparison|bits)\(/gm,
  ],
  ["ops", "packages/retrograd/src", /^(export )?const \w+: Op\b/gm],
  [
    "graph passes",
    "packages/retrograd/src/compile",
    /^export function \w+\(graph: Graph\b[^)]*\): Graph\b/gm,
  ],
  ["error codes", "packages/retrograd/src/errors", /^ {2}"?[a-z][a-z0-9-]*"?: (message\(|\{$)/gm],
  ["command flags", "packages/cli/src", /["'`](-\w, )?--[a-z][\w-]*[ "'`]/g],
];

function printLines() {
  const groups = new Map<string, Source[]>();
  for (const folder of FOLDERS) {
    for (const source of read(folder)) {
      const inner = source.path.includes("/") ? `/${source.path.split("/")[0]}` : "";
      const key = folder.endsWith("/src") ? folder + inner : folder;
      groups.set(key, [...(groups.get(key) ?? []), source]);
    }
  }
  console.log(
    `${"folder".padEnd(36)}${"files".padStart(6)}${"lines".padStart(7)}  median  largest`,
  );
  let total = 0;
  for (const [folder, sources] of [...groups].sort()) {
    const sorted = sources.sort((a, b) => a.lines - b.lines);
    const lines = sorted.reduce((sum, source) => sum + source.lines, 0);
    const median = sorted[sorted.length >> 1].lines;
    const largest = sorted[sorted.length - 1];
    total += lines;
    console.log(
      `${folder.padEnd(36)}${String(sorted.length).padStart(6)}${String(lines).padStart(7)}` +
        `${String(median).padStart(8)}  ${largest.lines} ${largest.path}`,
    );
  }
  console.log(`${"total".padEnd(42)}${String(total).padStart(7)}\n`);
}

function printConcepts() {
  for (const [name, folder, pattern] of CONCEPTS) {
    const found = read(folder).flatMap(({ text }) => text.match(pattern) ?? []);
    console.log(`${name.padEnd(36)}${String(new Set(found).size).padStart(6)}`);
  }
}

/**
 * What is downloaded, minified and gzipped. The limit is for a page: what a bundler can drop is
 * not loaded, and the library is always bundled.
 */
async function printBundles() {
  const [library, page] = [await weighLibrary(), await weighPage()];
  const say = (name: string, { first, later }: Weight) =>
    console.log(
      `${name.padEnd(36)}${first.toFixed(1).padStart(6)} KB, and ${later.toFixed(1)} KB on demand`,
    );
  console.log("\nminified and gzipped");
  say("library, everything", library);
  say("a page that trains an LSTM", page);
  const over = page.first > BUNDLE_LIMIT_KB;
  console.log(
    `${"limit, for the page".padEnd(36)}${BUNDLE_LIMIT_KB.toFixed(1).padStart(6)} KB${over ? "  over the limit" : ""}`,
  );
  if (over) process.exitCode = 1;
}

function printTypeCheckTime() {
  const start = performance.now();
  spawnSync("npx", ["tsc", "-p", "tsconfig.json", "--incremental", "false"], { cwd: root });
  console.log(`type check ${((performance.now() - start) / 1000).toFixed(1)} s`);
}

printLines();
printConcepts();
await printBundles().catch((error) => {
  console.log(`\nbundle: not built\n${error.message}`);
  process.exitCode = 1;
});
printTypeCheckTime();

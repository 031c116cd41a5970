/**
 * Folder order is reading order. Who reads the library from the first folder to the last never meets
 * a name that was not explained before: an import points to its own folder or to an earlier one.
 * The same pass keeps files and lines short, and everything but node/ runnable in a browser.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const READING_ORDER = [
  "errors",
  ...[
    "scalar",
    "tensor",
    "ops",
    "transform",
    "loops",
    "graph",
    "compile",
    "nest",
    "targets",
    "jit",
  ], // the compiler
  ...["cells", "layers", "train"], // learning through time
  ...["solve", "dynamics", "estimate", "reservoir", "check"], // the laboratory
  ...["data", "tasks", "node"],
  "index",
];
const MAX_LINES = 400;
const MAX_COLUMNS = 100;

const root = fileURLToPath(new URL("../../../", import.meta.url));
const library = join(root, "packages", "retrograd", "src");
const IMPORT = /\b(?:from|import)\s*\(?\s*(["'])([^"'\n]+)\1/g;

interface Source {
  path: string;
  lines: string[];
}

const read = (folder: string): Source[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .sort()
    .map((name) => join(folder, name))
    .map((path) => ({ path, lines: readFileSync(path, "utf8").replace(/\n$/, "").split("\n") }));

const isComment = (line: string) => /^\s*(\/\/|\/?\*)/.test(line);

/** The folder of a file below src, or the name of a file that lies in src itself. */
const floorOf = (path: string) => relative(library, path).split(sep)[0].replace(/\.ts$/, "");

/** Says where, what, and what to do, in the form that terminals make clickable. */
const complain = (path: string, line: number, what: string, cure: string) =>
  `${relative(root, path)}:${line} ${what}\n    ${cure}`;

function checkImport(path: string, line: number, target: string): string[] {
  const from = floorOf(path);
  if (target.startsWith(".")) {
    const to = floorOf(resolve(dirname(path), target));
    if (READING_ORDER.indexOf(to) <= READING_ORDER.indexOf(from)) return [];
    return [
      complain(
        path,
        line,
        `imports "${target}", but ${to} comes after ${from} in reading order.`,
        `Move what both need to ${from} or an earlier folder, or move this code to ${to}.`,
      ),
    ];
  }
  if (from === "node") return [];
  return [
    complain(
      path,
      line,
      `imports "${target}", but the library has no dependencies and runs in a browser.`,
      target.startsWith("node:")
        ? "Move this code to node/, or take what it needs as an argument."
        : "Write it here if it is small; otherwise it belongs to packages/cli or the studio.",
    ),
  ];
}

test("imports follow the reading order", () => {
  const complaints = read(library).flatMap(({ path, lines }) => {
    const floor = floorOf(path);
    if (!READING_ORDER.includes(floor)) {
      return [
        complain(
          path,
          1,
          `lies in "${floor}", which has no place in the reading order.`,
          "Move it to a folder of READING_ORDER in layout.test.ts, or give the folder its place there.",
        ),
      ];
    }
    return lines.flatMap((line, i) =>
      isComment(line)
        ? []
        : [...line.matchAll(IMPORT)].flatMap(([, , target]) => checkImport(path, i + 1, target)),
    );
  });
  expect(complaints.join("\n")).toBe("");
});

/** A sentence cannot be broken, so a quoted text or a template may pass the edge; code may not. */
const isWide = (line: string) =>
  [...line].length > MAX_COLUMNS && [...line.replace(/(["'`]).*\1/, "")].length > MAX_COLUMNS;

test("files and lines are short enough to read", () => {
  const sources = [library, join(root, "packages", "cli", "src")].filter(existsSync).flatMap(read);
  const complaints: string[] = [];
  for (const { path, lines } of sources) {
    if (lines.length > MAX_LINES) {
      const what = `is ${lines.length} lines long; the limit is ${MAX_LINES}.`;
      const cure = "Split it where a second idea begins; about 150 lines is a good size.";
      complaints.push(complain(path, MAX_LINES + 1, what, cure));
    }
    const wide = lines.flatMap((line, i) => (isWide(line) ? [i + 1] : []));
    if (wide.length) {
      const what = `is wider than ${MAX_COLUMNS} columns (lines ${wide.join(", ")}).`;
      const cure = "Run npm run format, and break comments by hand.";
      complaints.push(complain(path, wide[0], what, cure));
    }
  }
  expect(complaints.join("\n")).toBe("");
});

/** Documents stay true: their code has types, runs, and prints what they say that it prints. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { messages } from "../packages/retrograd/src/errors/index.ts";
import { errorsPage, renderErrors, sections, sentence } from "../scripts/errors.ts";
import { blocksOf, extract, root } from "./blocks.ts";

// Within the repository, so that its settings of TypeScript hold for the code.
const folder = join(root, `.retrograd/documents-${process.pid}`);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const documents = [
  ["README.md", false],
  ["docs/guide.md", false],
  ["docs/from-scratch.md", true],
] as const;
const programs = documents.map(
  ([name, together]) => [name, extract(name, folder, together)] as const,
);

// Threads read TypeScript through it too; --import tsx does so on the main thread only.
const loader = join(root, "packages/retrograd/test/node/typescript.mjs");

test.each(programs)("the code of %s runs, and prints what it says", (_, main) => {
  const run = spawnSync(process.execPath, ["--import", loader, main], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, TSX_TSCONFIG_PATH: join(root, "tsconfig.json") },
  });
  expect(run.stderr).toBe("");
  expect(run.status).toBe(0);
});

test("the code of the documents has types", () => {
  const settings = { extends: "../../tsconfig.json", include: ["*/*.ts"] };
  const own = { ...settings, compilerOptions: { incremental: false } };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(own));
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const { stdout, status } = spawnSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8" });
  expect(stdout).toBe("");
  expect(status).toBe(0);
});

test("lines of code in documents are no longer than elsewhere", () => {
  const long = documents.flatMap(([name]) =>
    blocksOf(name).flatMap((code) => code.split("\n").filter((line) => line.length > 110)),
  );
  expect(long).toEqual([]);
});

const pages = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].concat(
  ["docs", "docs/decisions", "benchmarks"].flatMap((place) =>
    readdirSync(join(root, place))
      .filter((name) => name.endsWith(".md"))
      .map((name) => `${place}/${name}`),
  ),
);

test("docs/errors.md is up to date: npm run docs writes it", async () => {
  expect(readFileSync(errorsPage, "utf8")).toBe(await renderErrors());
});

test("every code has one message, with a cure and a place in docs/errors.md", async () => {
  const found = (await sections()).flatMap(({ messages: own }) => Object.entries(own));
  const codes = found.map(([code]) => code);
  expect(new Set(codes).size).toBe(codes.length);
  expect(codes.sort()).toEqual(Object.keys(messages).sort());
  const headings = readFileSync(errorsPage, "utf8").match(/^### .*$/gm);
  expect(headings?.map((line) => line.slice(4)).sort()).toEqual(codes);
  for (const [code, { text, cure }] of found)
    for (const said of [sentence(text), sentence(cure)]) {
      expect(said, code).toMatch(/^[\p{Lu}‹a-z"0-9].{4,}[.!?…)›:\w]$/u);
      expect(said, code).not.toMatch(/undefined|\[object|=>/);
    }
});

const papers = readdirSync(join(root, "examples/papers")).filter(
  (name) => name.endsWith(".ts") && name !== "run.ts" && !name.startsWith("_"),
);
const recordOf = (name: string): string =>
  join(root, "examples/papers/records", name.replace(/ts$/, "json"));
test.each(papers)("examples/papers/%s has a record of what it claims now", async (name) => {
  const { paper } = await import(/* @vite-ignore */ `../examples/papers/${name}`);
  const path = recordOf(name);
  const record = JSON.parse(readFileSync(path, "utf8"));
  const { claim, mark, seeds, needed, size, contenders } = paper.experiment(false);
  const own = contenders.map(({ name, aim, steps, settings }: any) => ({
    name,
    ...(aim && { aim }),
    steps,
    ...settings,
  }));
  expect(record).toMatchObject({ claim, mark, seeds, needed, size, holds: true, contenders: own });
});

test("docs/dependencies.md names every package, and no other", () => {
  const text = readFileSync(join(root, "docs/dependencies.md"), "utf8");
  const manifests = [
    "package.json",
    "packages/retrograd/package.json",
    "packages/cli/package.json",
  ];
  const used = manifests.flatMap((name) => {
    const manifest = JSON.parse(readFileSync(join(root, name), "utf8"));
    const { dependencies, devDependencies, optionalDependencies } = manifest;
    return Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies });
  });
  const rows = [...text.matchAll(/^\| (.*?) \|/gm)].map(([, cell]) => cell).join(" ");
  const named = [...rows.matchAll(/`([^`]+)`/g)].map(([, name]) => name);
  expect([...new Set(named)].sort()).toEqual(used.filter((name) => name !== "retrograd").sort());
});

/** As GitHub names a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replaceAll(" ", "-");

test.each(pages)("links of %s lead somewhere", (page) => {
  const text = readFileSync(join(root, page), "utf8");
  for (const [, link] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^https?:/.test(link)) continue;
    const [path, anchor] = link.split("#");
    const to = path ? join(root, page, "..", path) : join(root, page);
    expect(existsSync(to), `${page}: ${link}`).toBe(true);
    if (!anchor) continue;
    const headings = [...readFileSync(to, "utf8").matchAll(/^#+ (.*)$/gm)].map(([, h]) =>
      anchorOf(h),
    );
    expect(headings, `${page}: ${link}`).toContain(anchor);
  }
});

test("nobody's machine or workplace is named", () => {
  const own = /\/work\/|\/tmp\/|\/home\/\w|\/root\/|\bagents?\b|\bissue #?\d|\bhelpers?\b/i;
  for (const page of pages) expect(readFileSync(join(root, page), "utf8"), page).not.toMatch(own);
});

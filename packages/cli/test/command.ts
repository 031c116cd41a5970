/** The command as tests run it: in this process with a terminal that remembers, or as its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll } from "vitest";
import { runCommandLine } from "../src/program.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const loader = pathToFileURL(createRequire(import.meta.url).resolve("tsx/esm")).href;

export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Run in this process. */
export async function retrograd(...args: string[]): Promise<Said> {
  const said = { out: "", err: "" };
  const code = await runCommandLine(args, {
    out: (text) => void (said.out += text),
    err: (text) => void (said.err += text),
    live: false,
    columns: 100,
    paint: (_, text) => text,
  });
  return { code, ...said };
}

/** Objects of JSON lines. */
export const linesOf = (text: string): any[] =>
  text
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line));

export const lastLine = (text: string): any => linesOf(text).at(-1);

/**
 * Run as a process of its own, from the sources.
 * @param before    a shell command
 * @param launcher  what starts it, with its options
 */
export function start(args: string[], before = "", launcher = ""): ChildProcess {
  const node = [
    process.execPath,
    "--import",
    loader,
    join(root, "packages/cli/src/main.ts"),
    ...args,
  ];
  const line = `${before}exec ${launcher} ${node.map((word) => `'${word}'`).join(" ")}`;
  return spawn("bash", ["-c", line], {
    env: { ...process.env, TSX_TSCONFIG_PATH: join(root, "tsconfig.json"), NO_COLOR: "1" },
  });
}

/** What a process says until it ends; `watch` sees all of its output so far. */
export function ended(child: ChildProcess, watch?: (out: string) => void): Promise<Said> {
  const said = { out: "", err: "" };
  child.stdout!.on("data", (chunk) => {
    said.out += chunk;
    watch?.(said.out);
  });
  child.stderr!.on("data", (chunk) => (said.err += chunk));
  return new Promise((resolve) =>
    child.on("close", (code) => resolve({ code: code ?? -1, ...said })),
  );
}

const folder = mkdtempSync(join(tmpdir(), "retrograd-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

export const place = (name: string): string => join(folder, name);

/** Write a file of the test's own folder. */
export function file(name: string, content: string | Uint8Array): string {
  const path = place(name);
  writeFileSync(path, content);
  return path;
}

/** A wave with a season of 12 months and a little noise, as CSV. */
export function waveCsv(months: number): string {
  let noise = 1;
  const rows = Array.from({ length: months }, (_, t) => {
    noise = (noise * 16_807) % 2_147_483_647;
    const value = 10 + 4 * Math.sin((2 * Math.PI * t) / 12) + noise / 2_147_483_647 + t / 40;
    const date = new Date(Date.UTC(2000, t, 1)).toISOString().slice(0, 10);
    return `${date},${value.toFixed(3)}`;
  });
  return `month,sales\n${rows.join("\n")}\n`;
}

export const verse = (times: number): string =>
  Array.from(
    { length: times },
    (_, i) => `the sea is ${i % 2 ? "wide" : "deep"} and the sky is blue\n`,
  ).join("");

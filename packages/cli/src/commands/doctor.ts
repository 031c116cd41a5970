/** retrograd doctor: what this machine offers, and on which targets training works here. */
import { cpus, totalmem } from "node:os";
import type { TargetName } from "retrograd";
import { tableFromColumns } from "retrograd/data";
import { mpiLibrary } from "retrograd/node"; // and the native target
import { prepareForecast, trainOptions } from "retrograd/tasks";
import { train } from "retrograd/train";
import { EXIT } from "../failure.ts";
import { bytes } from "../show/numbers.ts";
import type { Terminal } from "../show/terminal.ts";

interface Check {
  readonly what: string;
  readonly found: string;
  readonly fine: boolean;
  /** Not here, and not needed: what to do for it is in `found`. */
  readonly spare?: boolean;
}

export async function doctorCommand(
  terminal: Terminal,
  flags: { readonly json?: boolean },
): Promise<number> {
  const checks: Check[] = [
    nodeCheck(),
    { what: "machine", found: `${cpus().length} cores, ${bytes(totalmem())}`, fine: true },
    await attempt("wasm", () => trainSome("wasm")),
    await spare("native", () => trainSome("native")),
    await attempt("reference", () => trainSome("reference")),
    mpiCheck(),
    await attempt("DuckDB", async () => `${(await import("@duckdb/node-api")).version()}`),
    await attempt("reports", async () => {
      await import("@observablehq/plot");
      return "plots can be drawn";
    }),
  ];
  if (flags.json) terminal.out(`${JSON.stringify({ type: "summary", checks })}\n`);
  else
    for (const { what, found, fine, spare } of checks) {
      const missing = spare ? terminal.paint("yellow", "–") : terminal.paint("red", "✗");
      const mark = fine ? terminal.paint("green", "✓") : missing;
      terminal.out(`  ${mark} ${what.padEnd(10)} ${found}\n`);
    }
  return checks.every(({ fine, spare }) => fine || spare) ? EXIT.fine : EXIT.failed;
}

function nodeCheck(): Check {
  const [major, minor] = process.versions.node.split(".").map(Number);
  const fine = major > 20 || (major === 20 && minor >= 19);
  const note = fine ? "" : ": 20.19 or newer is needed";
  return { what: "Node", found: process.versions.node + note, fine };
}

function mpiCheck(): Check {
  const library = mpiLibrary();
  const found = library?.name ?? "not here: install MPICH or Open MPI to train on several machines";
  return { what: "MPI", found, fine: library !== undefined, spare: true };
}

async function attempt(what: string, run: () => Promise<string>): Promise<Check> {
  try {
    return { what, found: await run(), fine: true };
  } catch (error) {
    return { what, found: (error as Error).message.split("\n")[0], fine: false };
  }
}

/** What may be missing: "auto" does without it. */
async function spare(what: string, run: () => Promise<string>): Promise<Check> {
  try {
    return { what, found: await run(), fine: true };
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    const found = message.replace(/\s+/g, " ").replace(/ \([a-z-]+\)$/, "");
    return { what, found, fine: false, spare: code === "target-missing" };
  }
}

/** A few steps of training on a wave. */
async function trainSome(target: TargetName): Promise<string> {
  const y = Array.from({ length: 80 }, (_, t) => Math.sin(t / 3));
  const table = tableFromColumns({ y }, { file: "a wave" });
  const options = { window: 8, horizon: 2, size: 8, epochs: 1, season: 1 };
  const { lessons, config } = prepareForecast(table, options);
  const begin = performance.now();
  for await (const event of train(trainOptions(lessons, config.learning, { target })))
    if (event.type === "step" && !Number.isFinite(event.loss)) throw new Error("the loss is NaN");
  return `trains (${Math.round(performance.now() - begin)} ms)`;
}

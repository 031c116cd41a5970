/** retrograd doctor: what this machine offers, and on which targets training works here. */
import { cpus, totalmem } from "node:os";
import type { TargetName } from "retrograd";
import { tableFromColumns } from "retrograd/data";
import { mpiLibrary } from "retrograd/node"; // and the native target
import { prepareForecast, trainOptions } from "retrograd/tasks";
import { train, type WarningEvent } from "retrograd/train";
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
    await nativeCheck(),
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
    const { message } = error as Error;
    return { what, found: message.replace(/\s+/g, " ").replace(/ \([a-z-]+\)$/, ""), fine: false };
  }
}

/** A few steps on native, which may be missing: "auto" does without it. */
async function nativeCheck(): Promise<Check> {
  const remarks: WarningEvent[] = [];
  const check = await attempt("native", () => trainSome("native", remarks));
  const told = remarks.map(({ code, data }) =>
    code === "target-instead"
      ? `not here: ${data.reason}. ${data.cure}`
      : `${check.found}; compiled programs cannot be kept in ${data.folder}: ${data.reason}`,
  );
  const spare = remarks.some(({ code }) => code === "target-instead");
  return { ...check, found: told[0] ?? check.found, fine: check.fine && !spare, spare };
}

/** A few steps of training on a wave. @param remarks  gets what is said of it */
async function trainSome(target: TargetName, remarks: WarningEvent[] = []): Promise<string> {
  const y = Array.from({ length: 80 }, (_, t) => Math.sin(t / 3));
  const table = tableFromColumns({ y }, { file: "a wave" });
  const options = { window: 8, horizon: 2, size: 8, epochs: 1, season: 1 };
  const { lessons, config } = prepareForecast(table, options);
  const begin = performance.now();
  for await (const event of train(trainOptions(lessons, config.learning, { target })))
    if (event.type === "step" && !Number.isFinite(event.loss)) throw new Error("the loss is NaN");
    else if (event.type === "warning") remarks.push(event);
  return `trains (${Math.round(performance.now() - begin)} ms)`;
}

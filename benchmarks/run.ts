/**
 * Benchmarks, each held against what this machine can do at best:
 *
 *   npm run bench -- [CASE…] [--target wasm|native] [--shards N] [--batch N] [--length N]
 *                    [--seconds S] [--json | --markdown] [--profile]
 *
 *   mpiexec -n 2 node --import tsx benchmarks/run.ts CASE …     # on ranks instead of threads
 *
 * Without a case all but the long ones run; the name of a family runs all of it. README.md says
 * what the figures mean.
 */
import { parseArgs } from "node:util";
import { joinRanks, leaveRanks } from "retrograd/node"; // and the native target
import { ranks } from "../packages/retrograd/src/targets/ranks.ts";
import { allCases, isNamed } from "./allCases.ts";
import type { Case, CaseOptions, Prepared } from "./case.ts";
import { engine, measure } from "./measure.ts";
import { profile, showProfile } from "./profile.ts";
import { profileNative } from "./profileNative.ts";
import { type Row, show, table } from "./show.ts";

const read = () =>
  parseArgs({
    allowPositionals: true,
    options: {
      target: { type: "string" },
      shards: { type: "string", default: "1" },
      batch: { type: "string" },
      length: { type: "string" },
      seconds: { type: "string", default: "5" },
      json: { type: "boolean", default: false },
      markdown: { type: "boolean", default: false },
      profile: { type: "boolean", default: false },
    },
  });
type Values = ReturnType<typeof read>["values"];

/** A mistake of the user's: one line, no stack. */
class Refusal extends Error {}

function whole(name: string, given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const value = Number(given);
  if (!Number.isInteger(value) || value < 1)
    throw new Refusal(`--${name} is ${given}; give a whole number of at least 1`);
  return value;
}

function chosen(cases: readonly Case[], names: readonly string[]): Case[] {
  const unknown = names.find((name) => !cases.some((c) => isNamed(c, name)));
  if (unknown !== undefined) {
    const known = cases.map(({ name, question }) => `  ${name.padEnd(9)} ${question}`);
    throw new Refusal(`There is no case "${unknown}". There are:\n${known.join("\n")}`);
  }
  return cases.filter((c) => (names.length ? names.some((name) => isNamed(c, name)) : !c.long));
}

const rounded = (x: number): number => Number(x.toPrecision(4));
const round = (row: Row): Row =>
  Object.fromEntries(
    Object.entries(row).map(([k, v]) => [
      k,
      typeof v === "number" && !Number.isInteger(v) ? Number(v.toPrecision(6)) : v,
    ]),
  );

function timed(
  prepared: Prepared,
  { target, shards }: Pick<CaseOptions, "target" | "shards">,
  seconds: number,
) {
  const measured = measure(prepared, target, seconds, shards);
  const { ms, gflops, ceiling, share, fastest, runs, bound } = measured;
  return {
    ...{ ms: rounded(ms), gflops: rounded(gflops), ceiling: rounded(ceiling) },
    share: rounded(share),
    peakBytes: prepared.peakBytes(),
    compileMs: rounded(prepared.compileMs),
    ...{ fastest: rounded(fastest), runs, bound },
    ...prepared.fields?.(),
  };
}

async function runCase(
  c: Case,
  target: "wasm" | "native",
  values: Values,
  seconds: number,
): Promise<Row> {
  const [batch, length] = [whole("batch", values.batch), whole("length", values.length)];
  const shards = ranks()?.count ?? whole("shards", values.shards) ?? 1;
  if (shards > 1 && !c.shards) throw new Refusal(`${c.name} is a case of one shard`);
  const prepared = await c.prepare({ target, batch, length, shards });
  const head = { case: c.name, target, shards };
  const sizes = { ...(batch && { batch }), ...(length && { length }) };
  if (prepared.kind === "figures")
    return round({ ...head, ...sizes, ...prepared.fields, ...engine() });
  const row = round({
    ...head,
    ...sizes,
    ...timed(prepared, { target, shards }, seconds),
    ...engine(),
  });
  if (values.profile && prepared.graph) {
    const find = target === "native" ? profileNative : profile;
    console.error(showProfile(find(prepared.graph, prepared.residents ?? 0), target));
  }
  return row;
}

async function main() {
  const { values, positionals } = read();
  const seconds = Number(values.seconds);
  if (!(seconds > 0)) throw new Refusal(`--seconds is ${values.seconds}; give a number above 0`);
  const isFirst = !joinRanks()?.rank;
  const rows: Row[] = [];
  for (const c of chosen(await allCases(), positionals))
    for (const target of values.target ? [values.target] : (c.targets ?? ["wasm"])) {
      const row = await runCase(c, target as "wasm" | "native", values, seconds);
      rows.push(row);
      if (isFirst && !values.markdown) console.log(values.json ? JSON.stringify(row) : show(row));
    }
  if (isFirst && values.markdown) console.log(table(rows, process.argv.slice(2)));
  leaveRanks();
}

await main().catch((error) => {
  const isOurs = error instanceof Refusal || error?.code !== undefined;
  console.error(isOurs ? error.message : error);
  process.exitCode = 1;
});

/**
 * Side by side with other libraries, on the same numbers, in turns:
 *
 *   npm run bench:peers -- [CASE…] [--peer NAME]… [--rounds 7] [--seconds 0.4]
 *
 * Installs what is missing, prints a table, and leaves everything measured in a JSON file. README.md
 * of the folder above says how to read it.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Contest, contests, type PeerName } from "./comparisons.ts";
import { type Absent, hold, type Row } from "./contest.ts";
import { install } from "./install.ts";
import { installFolder } from "./installed.ts";
import { writeNumbers } from "./numbers.ts";
import { emptyCache } from "./player.ts";
import { holdShards } from "./shards.ts";
import { table } from "./table.ts";

const SHARDS = "shards";
/** How two copies of a step are held against one. */
const COPIES = [
  ["native", "shards"],
  ["wasm", "shards"],
  ["native", "ranks"],
] as const;
const results = new URL("results.json", installFolder);
const say = (line: string) => console.error(line);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    peer: { type: "string", multiple: true },
    rounds: { type: "string", default: "7" },
    seconds: { type: "string", default: "0.4" },
  },
});

/** What was asked for, of what there is: by name, or all of a family; or else what is usual. */
function chosen<T extends string>(
  what: string,
  given: readonly string[],
  known: readonly T[],
  usual: readonly T[] = known,
): readonly T[] {
  const fits = (name: string, wanted: string) => name === wanted || name.startsWith(`${wanted}/`);
  const unknown = given.find((wanted) => !known.some((name) => fits(name, wanted)));
  if (unknown !== undefined)
    throw new Error(`There is no ${what} "${unknown}". There are: ${known.join(", ")}`);
  if (given.length === 0) return usual;
  return known.filter((name) => given.some((wanted) => fits(name, wanted)));
}
function positive(name: "rounds" | "seconds"): number {
  const value = Number(values[name]);
  if (value > 0) return value;
  throw new Error(`--${name} is ${values[name]}; give a number above 0`);
}

/** The contests without the peers that are not asked for or cannot be had. */
function available(wanted: readonly Contest[], peers: readonly PeerName[]) {
  const of = wanted.flatMap(({ against }) => against.map(([{ peer }]) => peer));
  const reasons = new Map<PeerName, string>();
  for (const peer of new Set(of.filter((name) => peers.includes(name)))) {
    say(`installing ${peer}, unless it is here`);
    const reason = install(peer);
    if (reason !== undefined) reasons.set(peer, reason);
  }
  const plays = (peer: PeerName) => peers.includes(peer) && !reasons.has(peer);
  const left = wanted
    .map((contest) => ({ ...contest, against: contest.against.filter(([w]) => plays(w.peer)) }))
    .filter(({ against }) => against.length > 0);
  const absent = [...reasons].map(([title, reason]) => ({ case: "all", title, reason }));
  return { left, absent };
}

async function main() {
  const namesOf = (some: readonly Contest[]) => [...some.map((contest) => contest.case), SHARDS];
  const usual = contests.filter(({ long }) => !long);
  const cases = chosen("case", positionals, namesOf(contests), namesOf(usual));
  const known = [...new Set(contests.flatMap(({ against }) => against.map(([w]) => w.peer)))];
  const peers = chosen("peer", values.peer ?? [], known);
  const effort = { rounds: positive("rounds"), seconds: positive("seconds") };
  mkdirSync(installFolder, { recursive: true });
  emptyCache();
  const { left, absent } = available(
    contests.filter((contest) => cases.includes(contest.case)),
    peers,
  );
  const rows: Row[] = [];
  const missing: Absent[] = [...absent];
  for (const contest of left) {
    writeNumbers(contest.case);
    const found = await hold(contest, effort, say);
    rows.push(...found.rows);
    missing.push(...found.absent);
  }
  if (cases.includes(SHARDS) && values.peer === undefined)
    for (const [target, kind] of COPIES) {
      say(`two ${kind} over one: ${target}`);
      const found = holdShards(target, { rounds: 3, seconds: 1 }, kind);
      if ("ratio" in found) rows.push(found);
      else missing.push(found);
    }
  const command = ["npm run bench:peers --", ...process.argv.slice(2)]
    .join(" ")
    .replace(/ --$/, "");
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
  const all = { command, date: new Date().toISOString(), machine, effort, rows, absent: missing };
  writeFileSync(results, `${JSON.stringify(all, null, 2)}\n`);
  console.log(table({ rows, absent: missing }, command));
  say(`Everything measured: ${fileURLToPath(results)}`);
}

await main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});

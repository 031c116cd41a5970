/**
 * All cells in one table, each held against what this machine can do and against a loop in PyTorch:
 *
 *   npm run bench:cells -- [CELL…] [--size 256|64] [--rounds 5] [--seconds 0.3]
 *
 * A line is printed as soon as its cell has been measured.
 */
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import type { TargetName } from "retrograd";
import "retrograd/node"; // the ceiling of the native target
import { ceilingSlice, median } from "../ceiling.ts";
import { CELLS, SIZES, timedCell } from "../cells.ts";
import { roofline } from "../measure.ts";
import { sequenceWork } from "../sequence.ts";
import { countOf, shaped } from "../training.ts";
import { contests } from "./comparisons.ts";
import { hold, type Row } from "./contest.ts";
import { install } from "./install.ts";
import { writeNumbers } from "./numbers.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    size: { type: "string", default: "256" },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "0.3" },
  },
});

const HEAD = [
  "| cell | parameters | MFLOP | ms wasm | share | × PyTorch | ms native | share | × PyTorch (least–most) | ms PyTorch | loss |",
  "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
];

/** What the case needs of whoever computes it, and the number of the cell's own parameters. */
function needed(cell: string, size: string) {
  const { cell: own, sizes, params, head } = timedCell(cell, size);
  const { time, batch, size: units, classes } = sizes;
  const all = [params, shaped(head.W, units, classes), shaped(head.b, classes)];
  return { count: countOf(params), work: sequenceWork(sizes, own, all, time * batch) };
}

/** Slices of the ceiling, some before the turns and some after. */
const slices = (target: TargetName) => Array.from({ length: 5 }, () => ceilingSlice(target));

const digits = (x: number): string => (x >= 1000 ? x.toFixed(0) : x.toPrecision(3));

async function line(cell: string, size: string): Promise<string> {
  const name = `cells/${cell}/${size}`;
  const contest = contests.find((c) => c.case === name);
  if (!contest) throw new Error(`There is no cell "${name}"`);
  const { count, work } = needed(cell, size);
  const before = { wasm: slices("wasm"), native: slices("native") };
  writeNumbers(name);
  const effort = { rounds: Number(values.rounds), seconds: Number(values.seconds) };
  const { rows, absent } = await hold(contest, effort, () => {});
  if (absent.length > 0) throw new Error(`${absent[0].title}: ${absent[0].reason}`);
  const of = (target: "wasm" | "native") => rows.find((row) => row.target === target) as Row;
  const measured = (target: "wasm" | "native") => {
    const { median: ms } = of(target).ours.ms;
    const ceiling = median([...before[target], ...slices(target)]);
    const least = Math.max(...Object.values(roofline(work, ceiling, target)));
    return [digits(ms), `${((100 * least) / ms).toFixed(0)} %`];
  };
  const { ratio, theirs, same } = of("native");
  const cells = [
    ...[cell, count.toLocaleString("en"), digits(work.flops / 1e6)],
    ...[...measured("wasm"), digits(of("wasm").ratio.median)],
    ...measured("native"),
    `**${digits(ratio.median)}** (${digits(ratio.low)}–${digits(ratio.high)})`,
    ...[digits(theirs.ms.median), same && of("wasm").same ? "same" : "**differs**"],
  ];
  return `| ${cells.join(" | ")} |`;
}

/** Ends with one line where a name is none of those that there are. */
function known(what: string, names: readonly string[], there: object): void {
  const unknown = names.find((name) => !(name in there));
  if (unknown === undefined) return;
  console.error(`There is no ${what} "${unknown}". There are: ${Object.keys(there).join(", ")}`);
  process.exit(2);
}
known("cell", positionals, CELLS);
known("size", [values.size], SIZES);

const reason = install("pytorch");
if (reason !== undefined) throw new Error(reason);
console.log(`Node ${process.version}, ${cpus()[0]?.model.trim()}, ${cpus().length} cores\n`);
console.log(HEAD.join("\n"));
for (const cell of positionals.length ? positionals : Object.keys(CELLS))
  console.log(await line(cell, values.size));

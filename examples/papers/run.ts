/**
 * Runs a published experiment in full and says whether its claim holds:
 *
 *   npm run papers -- NAME [--quick] [--json] [--target native|wasm|reference] [--shards N]
 *     [--data FOLDER]
 *
 * --quick runs a small version whose claim can fail just as well. The process ends with 1 where the
 * claim does not hold. `--json` prints the record; those of full runs are kept in records/. An
 * experiment on real data is skipped where its files are missing, and its record says so.
 */
import "retrograd/node";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { arch, cpus, platform } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { TargetName } from "retrograd";
import {
  type Aim,
  type Experiment,
  type Fact,
  type Paper,
  type Running,
  type Trial,
  trial,
} from "./_experiment.ts";

const folder = new URL(".", import.meta.url);
const names = readdirSync(folder)
  .filter((file) => /^[^_].*\.ts$/.test(file) && file !== "run.ts")
  .map((file) => file.replace(/\.ts$/, ""));
const manifest = new URL("../../packages/retrograd/package.json", folder);
const VERSION: string = JSON.parse(readFileSync(manifest, "utf8")).version;
/** Where tests look for real data too. */
const DATA = process.env.RETROGRAD_DATA ?? fileURLToPath(new URL("../../../shared/data", folder));
const usage = `npm run papers -- NAME [--quick] [--json] [--target native|wasm|reference] [--shards N]
  [--data FOLDER]
NAME is one of: ${names.join(", ")}`;

const readArguments = () =>
  parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      target: { type: "string" },
      shards: { type: "string", default: "1" },
      data: { type: "string", default: DATA },
      help: { type: "boolean", short: "h", default: false },
    },
  });

/** What was asked for, or undefined with a word on what was wrong. */
function asked() {
  try {
    return readArguments();
  } catch (error) {
    console.error((error as Error).message.split(". ")[0]);
    return undefined;
  }
}

/** Every contender of which something is expected needs so many seeds that pass. */
const holds = ({ contenders, needed }: Experiment, trials: readonly Trial[]): boolean =>
  contenders
    .filter(({ aim }) => aim !== "print")
    .every(({ name }) => trials.filter((t) => t.contender === name && t.passed).length >= needed);

function goalOf(aim: Aim = "reach"): string {
  if (typeof aim !== "object") return "reach the mark";
  return "stayBelow" in aim ? `stay below ${aim.stayBelow}` : `stay above ${aim.stayAbove}`;
}

function recordOf(
  paper: Paper,
  experiment: Experiment,
  facts: readonly Fact[],
  trials: readonly Trial[],
  { target, shards }: Running,
) {
  const { claim, size, contenders, seeds, needed, measure, mark, baseline } = experiment;
  return {
    paper: paper.name,
    source: paper.source,
    claim,
    holds: facts.every((fact) => fact.holds) && holds(experiment, trials),
    ...(facts.length && { facts }),
    ...{ size, measure, mark, baseline, seeds, needed, target, shards },
    contenders: contenders.map(({ name, aim, steps, settings }) => ({
      name,
      ...(aim && { aim }),
      steps,
      ...settings,
    })),
    seconds: Math.round(trials.reduce((sum, { seconds }) => sum + seconds, 0)),
    machine: `${cpus()[0]?.model ?? arch()}, ${cpus().length} cores, ${platform()} ${arch()}`,
    versions: { retrograd: VERSION, node: process.versions.node, v8: process.versions.v8 },
    trials,
  };
}

async function main(): Promise<number> {
  const given = asked();
  if (given?.values.help) {
    console.log(usage);
    return 0;
  }
  const [name, ...more] = given?.positionals ?? [];
  if (!given || more.length > 0 || !names.includes(name)) {
    console.error(usage);
    return 2;
  }
  const { values } = given;
  const { paper } = (await import(`./${name}.ts`)) as { paper: Paper };
  const say = (text: string) => console.error(text);
  const missing = (paper.files ?? []).filter((file) => !existsSync(join(values.data, file)));
  if (missing.length) {
    say(`${name} is skipped: no ${missing.join(", ")} in ${values.data};`);
    say("  --data or RETROGRAD_DATA names the folder of data.");
    if (values.json) console.log(JSON.stringify({ paper: paper.name, skipped: { missing } }));
    return 0;
  }
  const experiment = paper.experiment(values.quick);
  const running: Running = {
    // A small version is done before a C compiler would be.
    target: (values.target ?? (values.quick ? "wasm" : "auto")) as TargetName,
    shards: Number(values.shards),
    folder: values.data,
    progress: say,
  };
  if (!values.json) say(`${paper.title} (${paper.source})\nClaim: ${experiment.claim}.`);
  const facts = experiment.facts?.() ?? [];
  for (const { text, holds } of facts) say(`${holds ? "✓" : "✗"} ${text}`);
  const trials: Trial[] = [];
  for (const contender of experiment.contenders)
    for (const seed of experiment.seeds) {
      const done = await trial(experiment, contender, seed, running);
      trials.push(done);
      const word = contender.aim === "print" ? "measured" : done.passed ? "passed" : "failed";
      const { score, steps, seconds } = done;
      say(`${contender.name}, seed ${seed} ${word}: ${score.toPrecision(3)} on fresh sequences`);
      say(`  after ${steps} steps, ${seconds} s`);
      if (done.note) say(`  ${done.note}`);
    }
  for (const { name, aim } of experiment.contenders) {
    const own = trials.filter((t) => t.contender === name);
    say(`${name}: ${own.filter((t) => t.passed).length} of ${own.length} seeds ${goalOf(aim)}`);
  }
  const record = recordOf(paper, experiment, facts, trials, running);
  if (values.json) console.log(JSON.stringify(record));
  else console.log(record.holds ? "The claim holds." : "The claim does not hold.");
  return record.holds ? 0 : 1;
}

process.exitCode = await main().catch((error) => {
  console.error(error instanceof Error ? error.message : error);
  return 2;
});

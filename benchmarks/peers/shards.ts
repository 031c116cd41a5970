/**
 * Two shards over one: lstm-a with a batch of 64, through the bench itself, in turns. Where it
 * refuses, the reason takes the place of the row.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { TargetName } from "retrograd";
import type { Absent, Effort, Row } from "./contest.ts";
import { ROOT, TYPESCRIPT } from "./player.ts";
import { ratioOf, spreadOf, turnsOf } from "./ratios.ts";

const BATCH = 64;
const COUNTS = [2, 1] as const;
const bench = fileURLToPath(new URL("../run.ts", import.meta.url));

/** @returns  milliseconds of a step. @throws with what the bench says when it refuses */
function run(target: TargetName, shards: number, seconds: number): number {
  const sizes = ["--batch", String(BATCH), "--shards", String(shards)];
  const args = ["lstm-a", "--target", target, ...sizes, "--seconds", String(seconds), "--json"];
  const { status, stdout, stderr } = spawnSync(process.execPath, [...TYPESCRIPT, bench, ...args], {
    cwd: ROOT,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr.trim().split("\n").at(-1));
  return JSON.parse(stdout).ms;
}

export function holdShards(target: TargetName, { rounds, seconds }: Effort): Row | Absent {
  const times: number[][] = COUNTS.map(() => []);
  try {
    for (let round = 0; round < rounds; round++)
      for (const i of turnsOf(COUNTS.length, round)) times[i].push(run(target, COUNTS[i], seconds));
  } catch (error) {
    const reason = (error as Error).message;
    return { case: "lstm-a, batch 64", title: `${target}, 2 shards over 1`, reason };
  }
  const [ours, theirs] = COUNTS.map((count, i) => ({
    title: count === 1 ? "itself with 1 shard" : `${target}, ${count} shards`,
    ms: spreadOf(times[i]),
    rounds: times[i],
  }));
  const ratio = ratioOf(ours.rounds, theirs.rounds);
  return { case: "lstm-a, batch 64, 2 shards", target, ratio, ours, theirs, same: "itself" };
}

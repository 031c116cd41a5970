/**
 * Two shards over one: lstm-a with a batch of 64, through the bench itself, in turns. Where it
 * refuses, the reason takes the place of the row.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { TargetName } from "retrograd";
import type { Absent, Effort, Row } from "./contest.ts";
import { ROOT, TYPESCRIPT } from "./player.ts";
import { agree, type Check, ratioOf, spreadOf, turnsOf } from "./ratios.ts";

const BATCH = 64;
const COUNTS = [2, 1] as const;
const bench = fileURLToPath(new URL("../run.ts", import.meta.url));

/** @throws with what the bench says when it refuses */
function run(target: TargetName, shards: number, seconds: number): { ms: number; check: Check } {
  const sizes = ["--batch", String(BATCH), "--shards", String(shards)];
  const args = ["lstm-a", "--target", target, ...sizes, "--seconds", String(seconds), "--json"];
  const { status, stdout, stderr } = spawnSync(process.execPath, [...TYPESCRIPT, bench, ...args], {
    cwd: ROOT,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr.trim().split("\n").at(-1));
  const { ms, loss0, loss9 } = JSON.parse(stdout);
  return { ms, check: { loss0, loss9 } };
}

export function holdShards(target: TargetName, { rounds, seconds }: Effort): Row | Absent {
  const found: ReturnType<typeof run>[][] = COUNTS.map(() => []);
  try {
    for (let round = 0; round < rounds; round++)
      for (const i of turnsOf(COUNTS.length, round)) found[i].push(run(target, COUNTS[i], seconds));
  } catch (error) {
    const reason = (error as Error).message;
    return { case: "lstm-a, batch 64", title: `${target}, 2 shards over 1`, reason };
  }
  const [ours, theirs] = COUNTS.map((count, i) => {
    const times = found[i].map(({ ms }) => ms);
    const title = count === 1 ? "itself with 1 shard" : `${target}, ${count} shards`;
    return { title, ms: spreadOf(times), rounds: times };
  });
  return {
    case: "lstm-a, batch 64, 2 shards",
    target,
    ratio: ratioOf(ours.rounds, theirs.rounds),
    ours,
    theirs,
    same: agree(found[0][0].check, found[1][0].check),
  };
}

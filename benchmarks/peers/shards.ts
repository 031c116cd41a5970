/**
 * Two shards over one, as threads and as ranks of MPI: lstm-a with a batch of 64, through the bench
 * itself, in turns. Where it refuses, the reason takes the place of the row.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { TargetName } from "retrograd";
import type { Absent, Effort, Row } from "./contest.ts";
import { ROOT, TYPESCRIPT } from "./player.ts";
import { agree, type Check, ratioOf, spreadOf, turnsOf } from "./ratios.ts";

const BATCH = 64;
const COUNTS = [2, 1] as const;
/** Milliseconds that one of them may take. */
const PATIENCE = 120_000;
const bench = fileURLToPath(new URL("../run.ts", import.meta.url));

/** What the shards are: threads of one process, or processes under a launcher. */
export type Kind = "shards" | "ranks";

/** MPICH's own name first: where Open MPI is installed too, mpiexec may be its. */
const LAUNCHERS = ["mpiexec.mpich", "mpiexec.hydra", "mpiexec"];
function launcher(): string {
  const found = LAUNCHERS.find((name) => spawnSync(name, ["--version"]).status === 0);
  if (!found) throw new Error("there is no mpiexec: apt-get install mpich");
  return found;
}

interface Way {
  readonly target: TargetName;
  readonly kind: Kind;
  readonly seconds: number;
}

/** @throws with what the bench says when it refuses */
function run({ target, kind, seconds }: Way, count: number): { ms: number; check: Check } {
  const threads = kind === "shards" ? count : 1;
  const sizes = ["--batch", String(BATCH), "--shards", String(threads)];
  const args = ["lstm-a", "--target", target, ...sizes, "--seconds", String(seconds), "--json"];
  const alone = [process.execPath, ...TYPESCRIPT, bench, ...args];
  const many = kind === "ranks" && count > 1;
  const [command, ...rest] = many ? [launcher(), "-n", String(count), ...alone] : alone;
  const how = { cwd: ROOT, encoding: "utf8", timeout: PATIENCE } as const;
  const { status, stdout, stderr, error } = spawnSync(command, rest, how);
  if (status !== 0) throw error ?? new Error(stderr.trim().split("\n").at(-1));
  const { ms, loss0, loss9 } = JSON.parse(stdout);
  return { ms, check: { loss0, loss9 } };
}

export function holdShards(
  target: TargetName,
  { rounds, seconds }: Effort,
  kind: Kind = "shards",
): Row | Absent {
  const way = { target, kind, seconds };
  const found: ReturnType<typeof run>[][] = COUNTS.map(() => []);
  try {
    for (let round = 0; round < rounds; round++)
      for (const i of turnsOf(COUNTS.length, round)) found[i].push(run(way, COUNTS[i]));
  } catch (error) {
    const reason = (error as Error).message;
    return { case: "lstm-a, batch 64", title: `${target}, 2 ${kind} over 1`, reason };
  }
  const [ours, theirs] = COUNTS.map((count, i) => {
    const times = found[i].map(({ ms }) => ms);
    const title =
      count === 1 ? `itself with 1 ${kind.slice(0, -1)}` : `${target}, ${count} ${kind}`;
    return { title, ms: spreadOf(times), rounds: times };
  });
  return {
    case: `lstm-a, batch 64, 2 ${kind}`,
    target,
    ratio: ratioOf(ours.rounds, theirs.rounds),
    ours,
    theirs,
    same: agree(found[0][0].check, found[1][0].check),
  };
}

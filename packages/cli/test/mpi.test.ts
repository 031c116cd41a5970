/** Two ranks under mpiexec: the bits of two shards, one voice, and an end when one dies. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { ended, file, lastLine, place, retrograd, start, waveCsv } from "./command.ts";

/** The first of these commands that there is; a system may have both libraries. */
const found = (library: string, ...names: string[]): string | undefined => {
  const name = names.find((own) => spawnSync(own, ["--version"]).status === 0);
  if (!name) console.warn(`ranks of ${library} are not tested: it has no launcher here`);
  return name;
};
const launcher = found("MPICH (apt-get install mpich)", "mpiexec.mpich", "mpiexec.hydra");
const openMpi = found("Open MPI (apt-get install openmpi-bin)", "mpiexec.openmpi", "orterun");

const small = ["--size", "8", "--epochs", "3", "--patience", "9", "--no-report"];

const onRanks = (args: string[], by = `${launcher}`) => start(args, "", `${by} -n 2`);

/** @param by  a launcher with its options */
async function expectBits(by: string, name: string): Promise<void> {
  const csv = file(`${name}.csv`, waveCsv(120));
  const [ranks, shards] = [place(`${name}-ranks`), place(`${name}-shards`)];
  const { code, out, err } = await ended(onRanks(["train", csv, "--out", ranks, ...small], by));
  expect(err).toBe("");
  expect(code).toBe(0);
  expect(out.match(/parameters on 2 shards/g)).toHaveLength(1);
  expect(out).not.toMatch(/^\[/m); // UCX, below MPICH, speaks where we do
  await retrograd("train", csv, "--out", shards, ...small, "--shards", "2");
  const weights = (folder: string) => readFileSync(`${folder}/weights.safetensors`);
  expect(weights(ranks).equals(weights(shards))).toBe(true);
}

test.skipIf(!launcher)("MPICH: the bits of two shards, told once", { timeout: 90_000 }, () =>
  expectBits(`${launcher}`, "mpich"),
);
test.skipIf(!openMpi)("Open MPI: the bits of two shards, told once", { timeout: 90_000 }, () =>
  expectBits(`${openMpi} --allow-run-as-root --oversubscribe`, "openmpi"),
);

test.skipIf(!launcher)(
  "a rank that is killed ends the run; it goes on",
  { timeout: 120_000 },
  async () => {
    const csv = file("lost.csv", waveCsv(120));
    const run = place("lost-rank");
    const last = `${run}/checkpoints/last-1.safetensors`;
    const forever = ["--size", "8", "--epochs", "100000", "--patience", "100000", "--no-report"];
    // The first rank is to live on until it misses the other: with this flag, and where its words
    // go to a file while a shell keeps the launcher's pipes open and takes its signals.
    const words = place("words");
    const each = `bash -c 'trap : USR1; "$0" "$@" > ${words}-$PMI_RANK 2>&1; exit $?'`;
    const command = ["train", csv, "--out", run, ...forever];
    const over = ended(start(command, "", `${launcher} -disable-auto-cleanup -n 2 ${each}`));
    while (!existsSync(last)) await pause(50);
    const first = JSON.parse(readFileSync(`${run}/lock`, "utf8")).process;
    process.kill(sibling(first), "SIGKILL");
    expect((await over).code).not.toBe(0);
    const said = () => readFileSync(`${words}-0`, "utf8");
    for (let i = 0; i < 200 && !said().includes("(rank-lost)"); i++) await pause(50);
    expect(said()).toMatch(/✗ Rank 1 was lost: its process \d+ has ended/);
    expect(readFileSync(`${words}-1`, "utf8")).toBe("");
    while (existsSync(`/proc/${first}`)) await pause(50);
    const { epoch } = lastLine(readFileSync(`${run}/metrics.jsonl`, "utf8"));
    const more = ["resume", run, "--epochs", String(epoch + 2), "--no-report"];
    const resumed = await ended(onRanks(more));
    expect(resumed.err).toBe("");
    expect(resumed.code).toBe(0);
    expect(resumed.out).toContain(`epoch ${epoch + 2}/${epoch + 2}`);
  },
);

test.skipIf(!launcher)("a process in between is found out", { timeout: 60_000 }, async () => {
  const args = ["train", file("between.csv", waveCsv(60)), "--out", place("between")];
  const { code, err } = await ended(start(args, "", `${launcher} -n 2 env PMI_FD=999`));
  expect(code).not.toBe(0);
  expect(err).toContain("(mpi-apart)");
});

/** The other process of the same command. */
function sibling(own: number): number {
  const commandOf = (pid: number | string): string => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8");
    } catch {
      return ""; // it has ended meanwhile
    }
  };
  const same = readdirSync("/proc").find(
    (name) => Number(name) !== own && commandOf(name) === commandOf(own),
  );
  return Number(same);
}

/**
 * Training on several processes, under mpiexec or Slurm: each rank learns from its rows of every
 * batch, and the gradients are added up over all of them.
 */
import { fstatSync } from "node:fs";
import { hostname } from "node:os";
import { fail } from "../../errors/files.ts";
import type { Ranks } from "../../nest/program.ts";
import { registerRanks } from "../../targets/ranks.ts";
import { isRunning } from "../lock.ts";
import { orEnd } from "./ending.ts";
import { type Mpi, mpiLibrary, type Pending } from "./library.ts";
import { Summing } from "./sum.ts";

/** What launchers say of a process: how many there are. */
const COUNTS = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_NTASKS"];

/** Processes that were launched together; 1 where this one stands alone. */
export function launched(env: NodeJS.ProcessEnv = process.env): number {
  // A Slurm job of many tasks also runs commands of a single one, which have no number.
  const counts = COUNTS.filter((name) => name !== "SLURM_NTASKS" || env.SLURM_PROCID !== undefined);
  return Math.max(1, ...counts.map((name) => Number(env[name] ?? 1)));
}

/** MPICH's launcher speaks through a socket that a process in between (npx) does not pass on. */
function isConnected({ PMI_FD: descriptor } = process.env): boolean {
  if (descriptor === undefined) return true;
  try {
    const kind = fstatSync(Number(descriptor));
    return kind.isSocket() || kind.isFIFO();
  } catch {
    return false;
  }
}

/** Milliseconds for MPI's own end, where UCX has been seen to wait for what never comes. */
const FAREWELL = 30_000,
  HELD = "retrograd: MPI does not come to its end, so this process ends without it.";

let joined: Ranks | undefined;
let left = false;
/**
 * Join the ranks that this process was launched with; from then on `train` runs on all of them.
 * Every rank must do the same things in the same order, up to `leaveRanks`.
 * @returns undefined where the process was launched alone
 * @throws  "mpi-missing", "mpi-apart", "mpi-alone", "rank-lost"
 */
export function joinRanks(): Ranks | undefined {
  if (joined || left || launched() === 1) return joined;
  if (!isConnected()) return fail("mpi-apart", {});
  const family = process.env.OMPI_COMM_WORLD_SIZE ? "openmpi" : "mpich";
  const mpi = mpiLibrary(family);
  if (!mpi) return fail("mpi-missing", { processes: launched() });
  const code = mpi.init();
  if (code !== 0) fail("rank-lost", { rank: undefined, reason: `MPI answered with error ${code}` });
  const { rank, count } = mpi.place();
  if (count === 1) return fail("mpi-alone", { processes: launched(), library: mpi.name });
  const waiting = new Waiting(rank, count);
  const summing = new Summing(mpi, count, (pending) => waiting.until(pending));
  waiting.meet(summing);
  leave = () => {
    summing.join(Int32Array.of(rank)); // MPI's own end waits for all ranks, and for ever
    orEnd(FAREWELL, HELD, mpi.finalize);
  };
  process.on("exit", (status) => endWith(status, mpi));
  // So MPICH's launcher tells of a rank that died; Node would open its debugger.
  process.on("SIGUSR1", () => {});
  joined = {
    rank,
    count,
    sum: (values) => summing.sum(values),
    join: (part) => summing.join(part),
  };
  registerRanks(joined);
  return joined;
}

let leave = () => {};
/**
 * The common work is done: from here on this process is alone. Every rank must come here, with what
 * was learned written: where MPI's own end is missed for half a minute, the process ends.
 */
export function leaveRanks(): void {
  if (!joined) return;
  joined = undefined;
  left = true; // MPI begins once in a process
  registerRanks(undefined);
  leave();
}

/** A process that ends without having left: with the others if all is well, else all end. */
function endWith(status: number, mpi: Mpi): void {
  if (!joined) return;
  try {
    if (status === 0) leaveRanks();
    else mpi.abort(status);
  } catch {
    mpi.abort(1);
  }
}

/** Seconds that a rank waits for another: before it is known how long that takes, and after. */
const AT_FIRST = 600,
  LEAST = 30;
/** Milliseconds of looking without a pause, between two pauses, and between two looks at ranks. */
const EAGER = 2,
  PAUSE = 0.05,
  CENSUS = 500;

/** Waiting for others, with an end: until they are known to be gone, or have been too long. */
class Waiting {
  readonly #rank: number;
  readonly #count: number;
  readonly #never = new Int32Array(new SharedArrayBuffer(4));
  /** Numbers of the ranks' processes; 0 on other machines. */
  #processes: readonly number[] = [];
  #longest: number | undefined;
  constructor(rank: number, count: number) {
    this.#rank = rank;
    this.#count = count;
  }

  /** Learn which ranks are processes of this machine. */
  meet(summing: Summing): void {
    const place = [...hostname()].reduce((h, c) => (Math.imul(h, 31) + c.charCodeAt(0)) | 0, 7);
    const all = summing.join(Int32Array.of(place, process.pid));
    this.#processes = Array.from({ length: this.#count }, (_, k) =>
      all[2 * k] === place ? all[2 * k + 1] : 0,
    );
    this.#longest = undefined; // they began at different times
  }

  /** @throws "rank-lost" */
  until(pending: Pending): void {
    const start = performance.now();
    let census = start + CENSUS;
    for (;;) {
      const done = this.#look(pending),
        now = performance.now();
      if (done) break;
      if (now - start > EAGER) Atomics.wait(this.#never, 0, 0, PAUSE);
      if (now < census) continue;
      census = now + CENSUS;
      this.#census();
      const patience = this.#longest === undefined ? AT_FIRST : LEAST + 20 * this.#longest;
      if (now - start > 1e3 * patience)
        fail("rank-lost", { rank: undefined, reason: `no answer within ${patience} s` });
    }
    this.#longest = Math.max(this.#longest ?? 0, (performance.now() - start) / 1e3);
  }

  #look(pending: Pending): boolean {
    try {
      return pending();
    } catch (error) {
      return fail("rank-lost", { rank: undefined, reason: (error as Error).message });
    }
  }

  #census(): void {
    const gone = this.#processes.findIndex((p, k) => p && k !== this.#rank && !isRunning(p));
    if (gone >= 0)
      fail("rank-lost", { rank: gone, reason: `its process ${this.#processes[gone]} has ended` });
  }
}

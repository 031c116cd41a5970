/** Messages of what outlives a run or its thread: folders, checkpoints, files, workers. */
import { type Fail, failFrom } from "../errors.ts";
import { compilerMessages } from "./compiler.ts";

export const fileMessages = {
  "folder-locked": {
    text: (o: { folder: string; process: number; host: string; since: string }) =>
      `Process ${o.process} on ${o.host} has been training in ${o.folder} since ${o.since}.`,
    cure: () =>
      `Wait for it, stop it, or train in another folder. If it is gone, delete the file "lock" there.`,
  },
  "folder-taken": {
    text: (o: { folder: string; step: number }) =>
      `${o.folder} holds a run already, at step ${o.step}.`,
    cure: () => `Go on with it: train.resume(folder, options). Or train in an empty folder.`,
  },
  "checkpoint-missing": {
    text: (o: { where: string }) => `${o.where} holds no checkpoint to go on from.`,
    cure: () => `Begin with train({ …, checkpoint: { folder } }), or name the folder of a run.`,
  },
  "checkpoint-mismatch": {
    text: (o: { name: string; given: string; expected: string }) =>
      `The checkpoint was made with ${o.name} = ${o.expected}, but ${o.given} was given.`,
    cure: () => `Resume with the options of the run, or begin a new one in another folder.`,
  },
  "checkpoint-damaged": {
    text: (o: { name: string; where: string }) =>
      `The checkpoint ${o.name} in ${o.where} is damaged, so the one before it is used.`,
    cure: () => `Nothing is to be done: the steps in between are taken again.`,
  },
  "disk-full": {
    text: (o: { path: string }) => `There is no space left to write ${o.path}.`,
    cure: () => `Free some space and go on: what was written before is untouched.`,
  },
  "file-failed": {
    text: (o: { path: string; action: string; reason: string }) =>
      `${o.path} cannot be ${o.action}: ${o.reason}.`,
    cure: () => `Check the path, and that you may read and write there.`,
  },
  "cache-unusable": {
    text: (o: { folder: string; reason: string }) =>
      `Compiled programs cannot be kept in ${o.folder}: ${o.reason}.`,
    cure: () =>
      `Nothing is lost, but each process compiles its own. Name another folder in XDG_CACHE_HOME.`,
  },
  "mpi-missing": {
    text: (o: { processes: number }) =>
      `${o.processes} processes were launched together, but none can find an MPI library.`,
    cure: () =>
      `Install MPICH or Open MPI (apt-get install mpich) and koffi, or start one process.`,
  },
  "mpi-apart": {
    text: (_: object) => `This process was launched by mpiexec, but not directly.`,
    cure: () =>
      `Let mpiexec start node or retrograd itself: npx and npm run do not pass its connection on.`,
  },
  "mpi-alone": {
    text: (o: { processes: number; library: string }) =>
      `${o.processes} processes were launched together, but ${o.library} sees only one.`,
    cure: () =>
      `Use the launcher of that library: mpiexec of MPICH with MPICH, of Open MPI with Open MPI.`,
  },
  "rank-lost": {
    text: (o: { rank: number | undefined; reason: string }) =>
      `${o.rank === undefined ? "A rank" : `Rank ${o.rank}`} was lost: ${o.reason}.`,
    cure: () => `All ranks end here. Go on from the last checkpoint, with as many ranks as before.`,
  },
  "worker-failed": {
    text: (o: { module: string; reason: string }) =>
      `The training worker of ${o.module} failed: ${o.reason}.`,
    cure: (o: { reason: string }) =>
      o.reason.includes("named build")
        ? `The module must export build(options), which returns the options of train({ … }).`
        : /extension "?\.[cm]?tsx?\b/.test(o.reason)
          ? `Name the compiled .js file, or run Node 22.18 or newer, which reads TypeScript.`
          : `Put that right; if it is in the lesson, train({ … }) on this thread shows where.`,
  },
} as const;

export const messages = { ...compilerMessages, ...fileMessages };
export const fail: Fail<typeof messages> = failFrom(messages);

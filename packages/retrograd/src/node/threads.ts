/** Threads of Node for the shards of a program. Importing this makes them known. */
import { Worker } from "node:worker_threads";
import { registerThreads, type StartThread } from "../targets/wasm/threads.ts";

/** They keep no process alive, and begin while the one that started them waits. */
export const startThread: StartThread = (source, job, lost) => {
  const text = `${source}\nserve(require("node:worker_threads").workerData);`;
  const worker = new Worker(text, { eval: true, workerData: job, execArgv: [] });
  worker.on("error", (error) => lost(error instanceof Error ? error.message : String(error)));
  worker.on("exit", (code) => lost(`its thread ended, with code ${code}`));
  worker.unref();
  return () => void worker.terminate();
};

registerThreads(startThread);

/** What a training thread runs: it loads the module that builds the run, and serves it. */
import { parentPort, workerData } from "node:worker_threads";
import { fail } from "../errors/files.ts";
import { type Build, serveTraining } from "../train/worker.ts";
import "./store.ts";

const { module } = workerData as { module: string };

const build: Build = async (options) => {
  const { build: own } = (await import(module)) as { build?: Build };
  if (typeof own !== "function")
    return fail("worker-failed", { module, reason: "it exports no function named build" });
  return own(options);
};

serveTraining(build, {
  post: (message) => parentPort!.postMessage(message),
  listen: (message) => void parentPort!.on("message", message),
  close: () => parentPort!.close(),
});

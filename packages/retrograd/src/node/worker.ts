/** Training on a thread of Node. */
import { pathToFileURL } from "node:url";
import { type ResourceLimits, Worker } from "node:worker_threads";
import { RemoteRun } from "../train/worker.ts";

export interface ThreadOptions {
  /** Flags of Node for the thread, such as a loader for TypeScript. */
  execArgv?: string[];
  resourceLimits?: ResourceLimits;
}

/**
 * Train in a thread.
 * @param module   path or URL of a module that exports build(options), which returns the options of
 *                 train, or a run (of train.resume, for instance)
 * @param options  plain data for `build`
 * @throws while it is iterated: what train throws there, and "worker-failed"
 */
export function trainInWorker(
  module: string | URL,
  options?: unknown,
  thread: ThreadOptions = {},
): RemoteRun {
  const text = String(module);
  const url = /^(file|data|node):/.test(text) ? text : pathToFileURL(text).href;
  const ending = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const main = new URL(`./workerMain.${ending}`, import.meta.url);
  let worker: Worker | undefined;
  const started = () => (worker ??= new Worker(main, { workerData: { module: url }, ...thread }));
  const port = {
    post: (message: unknown) => started().postMessage(message),
    listen(message: (message: any) => void, lost: (reason: string) => void) {
      started().on("message", message);
      started().on("error", (error) => lost(error instanceof Error ? error.message : `${error}`));
      started().on("exit", (code) => lost(`it ended early, with code ${code}`));
    },
    close: () => void worker?.terminate(),
  };
  return new RemoteRun(port, options, text);
}

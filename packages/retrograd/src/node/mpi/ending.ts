/**
 * An end for calls of a library that may never come back: while the caller is held, a thread keeps
 * the time, and ends the process with a word.
 */
import { Worker } from "node:worker_threads";

const WATCH = `
const { workerData: { word, patience, said } } = require("node:worker_threads");
if (Atomics.wait(new Int32Array(word), 0, 0, patience) === "timed-out") {
  require("node:fs").writeSync(2, said + "\\n");
  process.kill(process.pid, "SIGKILL"); // nothing gentler reaches a thread that is held
}`;

/**
 * What `call` gives, if it comes back.
 * @param patience  milliseconds after which the process ends
 * @param said      written to standard error before
 */
export function orEnd<T>(patience: number, said: string, call: () => T): T {
  const word = new SharedArrayBuffer(4);
  // Without what the process was told to load first: that may need the thread that is held.
  const options = { eval: true, execArgv: [], workerData: { word, patience, said } };
  const watch = new Worker(WATCH, options);
  watch.unref();
  try {
    return call();
  } finally {
    const released = new Int32Array(word);
    Atomics.store(released, 0, 1);
    Atomics.notify(released, 0);
  }
}

/**
 * Training on another thread, so that a page or a server stays free. Functions cannot be sent to a
 * worker, so the worker builds model and data itself; events come back as from a run of one's own.
 *
 *   // worker.ts
 *   import { serveTraining } from "retrograd/train";
 *   serveTraining(({ epochs }) => ({ model, data, loss, optimizer, epochs }));
 *
 *   // page.ts
 *   const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
 *   for await (const event of trainInWorker(worker, { epochs: 3 })) console.log(event);
 */

import { fail } from "../errors/files.ts";
import { RetrogradError } from "../errors.ts";
import type { Data, DType } from "../scalar/index.ts";
import { concrete, type Shape, type Tensor } from "../tensor/tensor.ts";
import { mapTree } from "../tensor/tree.ts";
import type { TrainEvent } from "./events.ts";
import type { TrainOptions } from "./options.ts";
import type { Best } from "./progress.ts";
import { Run } from "./run.ts";
import { train } from "./trainer.ts";

/** One end of the line between two threads. */
export interface Port {
  post(message: unknown): void;
  /** @param lost  called when the other end is gone, with the reason */
  listen(message: (message: any) => void, lost: (reason: string) => void): void;
  /** End the other thread. */
  close(): void;
}

/** Makes a run within the worker: options for train, or a run, from plain data. */
export type Build = (options: any) => TrainOptions | Run | Promise<TrainOptions | Run>;

/** Trees on the line: tensors as plain objects. */
class Sent {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly data: Data;
  constructor(t: Tensor) {
    this.shape = t.shape;
    this.dtype = t.dtype;
    this.data = t.data;
  }
}
const pack = (tree: any): any => mapTree(tree, (t: Tensor) => ({ ...new Sent(t) }));
const isSent = (x: any): boolean => ArrayBuffer.isView(x?.data) && Array.isArray(x?.shape);
const unpack = (tree: any): any =>
  mapTree(tree, ({ data, ...type }: Sent) => concrete(data, type), isSent);

/** In a worker: wait for the other end, then train what `build` makes, and tell it everything. */
export function serveTraining(build: Build, port: Port = ownPort()): void {
  let run: Run | undefined;
  let stopped = false;
  port.listen(
    (message) => {
      if (message.type === "stop") {
        stopped = true;
        run?.stop();
      } else if (message.type === "start")
        serve(message.options).catch((error) => port.post(failureOf(error)));
    },
    () => {},
  );
  async function serve(options: unknown): Promise<void> {
    const built = await build(options);
    run = built instanceof Run ? built : train(built);
    let waiting: TrainEvent[] = [];
    let sent = performance.now();
    let known = -1; // the step whose parameters the other end has
    const flush = (more: object = {}) => {
      if (waiting.length) port.post({ type: "events", events: waiting, ...more });
      waiting = [];
      sent = performance.now();
    };
    try {
      for await (const event of run) {
        waiting.push(event);
        if (stopped) run.stop();
        if (tellsParams.includes(event.type)) {
          const params = known === event.step ? undefined : pack(run.params);
          known = event.step;
          const { best } = run;
          const found = event.type === "done" && best;
          flush({ params, best: found && { at: found.at, params: pack(found.params) } });
        } else if (performance.now() - sent > 16) flush();
      }
    } finally {
      flush();
    }
    port.post({ type: "finished" });
  }
}

/** Events that parameters come with; nobody waits for those of a single step. */
const tellsParams: readonly TrainEvent["type"][] = ["epoch", "validation", "done"];

const failureOf = (error: unknown) =>
  error instanceof RetrogradError
    ? { type: "failed", code: error.code, data: error.data, text: error.message }
    : { type: "failed", reason: error instanceof Error ? error.message : String(error) };

/** A run on another thread. */
export class RemoteRun implements AsyncIterable<TrainEvent> {
  /** Parameters of the latest event "epoch", "validation" or "done"; undefined before. */
  params: any;
  /** As in a run, from "done" on. */
  best: { readonly at: Best; readonly params: any } | undefined;
  readonly #port: Port;
  readonly #options: unknown;
  readonly #name: string;
  #begun = false;

  constructor(port: Port, options: unknown, name = "this page") {
    this.#port = port;
    this.#options = options;
    this.#name = name;
  }

  /** End after the step that is under way. */
  stop(): void {
    this.#port.post({ type: "stop" });
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<TrainEvent, void, void> {
    if (this.#begun)
      fail("bad-argument", {
        where: "trainInWorker",
        given: "a run twice",
        expected: "one loop over a run, whose thread ends with it",
      });
    this.#begun = true;
    const inbox: any[] = [];
    let wake = () => {};
    const put = (message: any) => {
      inbox.push(message);
      wake();
    };
    const lost = (reason: string) => put({ type: "failed", reason });
    this.#port.listen(put, lost);
    try {
      this.#port.post({ type: "start", options: this.#options });
    } catch (error) {
      lost((error as Error).message); // functions cannot be sent
    }
    const next = async () => {
      if (!inbox.length) await new Promise<void>((resolve) => (wake = resolve));
      return inbox.shift();
    };
    let over = false;
    const take = (message: any): TrainEvent[] => {
      if (message.type === "events") return message.events;
      over = true;
      this.#port.close();
      if (message.type === "failed") this.#raise(message);
      return [];
    };
    // They belong to the last event of a message.
    const keep = ({ params, best }: any) => {
      if (params) this.params = unpack(params);
      if (best) this.best = { at: best.at, params: unpack(best.params) };
    };
    let message: any = {};
    try {
      while (!over) {
        message = await next();
        const events = take(message);
        for (const [i, event] of events.entries()) {
          if (i === events.length - 1) keep(message);
          yield event;
        }
      }
    } finally {
      keep(message);
      if (!over) this.stop();
      while (!over) {
        message = await next();
        take(message);
        keep(message);
      }
    }
  }

  #raise({ code, data, text, reason }: any): never {
    if (code) throw new RetrogradError(code, data, text);
    return fail("worker-failed", { module: this.#name, reason });
  }
}

/** The parts of a page's Worker that are used. */
export interface WorkerLike {
  postMessage(message: unknown): void;
  addEventListener(type: string, listener: (event: any) => void): void;
  terminate(): void;
}

/** A page's worker as a port. */
const portOf = (worker: WorkerLike): Port => ({
  post: (message) => worker.postMessage(message),
  listen(message, lost) {
    worker.addEventListener("message", (event) => message(event.data));
    worker.addEventListener("error", (event) => lost(event.message ?? "it could not be started"));
  },
  close: () => worker.terminate(),
});

/** The worker's own end, in a page's worker. */
function ownPort(): Port {
  const own = globalThis as unknown as WorkerLike & { close?: () => void };
  return { ...portOf(own), close: () => own.close?.() };
}

/**
 * Train in a page's worker that calls `serveTraining`.
 * @param options  plain data for its `build`
 * @throws while it is iterated: what train throws there, and "worker-failed"
 */
export const trainInWorker = (worker: WorkerLike, options?: unknown): RemoteRun =>
  new RemoteRun(portOf(worker), options);

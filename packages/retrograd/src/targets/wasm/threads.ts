/**
 * Threads for the shards of a Wasm program. The first shard runs on the calling thread; each other
 * has a thread that waits for calls within Wasm. All they need to know of JavaScript is one short
 * text, so nothing is loaded, and a page and Node start them the same way.
 */
import { fail } from "../../errors/targets.ts";
import type { Schedule } from "../../nest/nest.ts";
import type { Loaded } from "../arena.ts";
import { assemble, memoryOf } from "./index.ts";
import { FIRST, notBegun, registerTeams, type Team } from "./shards.ts";
import { FAILED, MET, PATIENCE, TeamFunctions, TURN } from "./team.ts";

/** What a thread is given. */
export interface Job {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly origin: number;
  readonly shard: number;
}

/** Begins a thread that runs `source`, which defines `serve`, and calls it with the job. */
export type StartThread = (source: string, job: Job, lost: (reason: string) => void) => () => void;

/** Serves until the program is gone; whoever ends otherwise lets the others know. */
const SOURCE = `const serve = ({ module, memory, origin, shard }) => {
  const words = new Int32Array(memory.buffer);
  try {
    new WebAssembly.Instance(module, { m: { m: memory, origin, shard } }).exports.serve();
  } finally {
    Atomics.compareExchange(words, ${FAILED / 4}, 0, shard + 1);
    Atomics.notify(words, ${MET / 4});
  }
};`;

let starter: StartThread | undefined;
/** How threads begin where there is no Worker as pages have it. */
export function registerThreads(start: StartThread): void {
  starter = start;
  registerTeams(together);
}

/** Workers of a page that have begun, and wait for a job. */
const idle: Worker[] = [];
/** Milliseconds that a page has to begin one. */
const BEGINNING = 30_000;

/**
 * Let so many threads begin. In a page they cannot while the thread that asks for them waits, so
 * this comes before a program that is to use them; in Node there is nothing to do.
 * @throws "shards-missing"
 */
export async function prepareThreads(count: number): Promise<void> {
  while (!starter && idle.length < count) {
    idle.push(await begun());
    registerTeams(together);
  }
}

function begun(): Promise<Worker> {
  // A browser keeps messages back until a worker has begun, so it answers one before it counts.
  const text = `${SOURCE}\nonmessage = ({ data }) => (data ? serve(data) : postMessage(0));`;
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  const worker = new Worker(url);
  const refused = (reason: string) =>
    fail("shards-missing", {
      ...{ target: "wasm", shards: idle.length + 2, reason },
      cure: "Allow workers from blob: addresses (worker-src blob:), or use one shard.",
    });
  let timer: ReturnType<typeof setTimeout> | undefined;
  return new Promise<Worker>((resolve, reject) => {
    timer = setTimeout(() => reject(new Error("it does not begin")), BEGINNING);
    worker.onerror = (event) => reject(new Error(event.message ?? "it cannot be loaded"));
    worker.onmessage = () => resolve(worker);
    worker.postMessage(0);
  })
    .catch((error) => {
      worker.terminate();
      return refused(`a worker was refused: ${error.message}`);
    })
    .finally(() => {
      clearTimeout(timer);
      URL.revokeObjectURL(url);
    });
}

/** As a page does it, from within a worker. */
const startWorker: StartThread = (_, job, lost) => {
  const worker = idle.pop() ?? notBegun(job.shard + 1);
  worker.onerror = (event) => lost(event.message ?? "it failed");
  worker.postMessage(job);
  return () => worker.terminate();
};

/** Ends the threads of programs that nobody holds any more. */
const forgotten = new FinalizationRegistry<() => void>((end) => end());

/** Seconds that a shard waits for another: before it is known how long a call takes, and after. */
const AT_FIRST = 600;
const patienceFor = (longest: number, least: number) => Math.ceil(least + 20 * longest);

/** The threads of one program, which live as long as it does. */
export class Threads {
  readonly #words: Int32Array;
  readonly #instances: readonly { run(): void; meet(): void; setup(): void }[];
  readonly #shared: { lost?: { shard: number | undefined; reason: string } } = {};
  readonly #least: number;
  #longest = 0;

  /** @param least  seconds that a shard waits for another at least before it gives up */
  constructor(module: WebAssembly.Module, memory: WebAssembly.Memory, team: Team, least = 10) {
    this.#words = new Int32Array(memory.buffer, 0, FIRST / 4);
    this.#words[PATIENCE / 4] = AT_FIRST;
    this.#least = least;
    const jobs = Array.from({ length: team.shards }, (_, shard) => {
      return { module, memory, origin: FIRST + shard * team.stride, shard };
    });
    this.#instances = jobs.map(({ origin, shard }) => {
      const { exports } = new WebAssembly.Instance(module, { m: { m: memory, origin, shard } });
      return exports as unknown as { run(): void; meet(): void; setup(): void };
    });
    const shared = this.#shared; // and not this: it may be forgotten while they run
    const ends: (() => void)[] = [];
    try {
      for (const job of jobs.slice(1))
        ends.push(
          (starter ?? startWorker)(SOURCE, job, (reason) => {
            shared.lost ??= { shard: job.shard, reason };
          }),
        );
    } catch (error) {
      for (const end of ends) end();
      throw error;
    }
    forgotten.register(this, () => ends.forEach((end) => end()));
  }

  setup(): void {
    for (const { setup } of this.#instances) setup();
  }

  /** All shards, together. @throws "shard-lost" */
  run(): void {
    const { lost } = this.#shared;
    if (lost) fail("shard-lost", lost);
    const [{ run, meet }] = this.#instances;
    const start = performance.now();
    Atomics.add(this.#words, TURN / 4, 1);
    Atomics.notify(this.#words, TURN / 4);
    try {
      run();
      meet();
    } catch (error) {
      this.#giveUp(error);
    }
    this.#longest = Math.max(this.#longest, (performance.now() - start) / 1e3);
    this.#words[PATIENCE / 4] = patienceFor(this.#longest, this.#least);
  }

  #giveUp(error: unknown): never {
    const own = this.#words[PATIENCE / 4];
    const failed = Atomics.compareExchange(this.#words, FAILED / 4, 0, -1);
    Atomics.notify(this.#words, MET / 4);
    const reason = failed > 0 ? "its thread ended with an error" : `no answer within ${own} s`;
    const trapped = error instanceof WebAssembly.RuntimeError;
    this.#shared.lost ??= {
      shard: failed > 0 ? failed - 1 : undefined,
      reason: trapped || failed > 0 ? reason : String(error),
    };
    return fail("shard-lost", this.#shared.lost);
  }
}

/** A program in one shared memory, with a thread for each shard but the first. */
function together(schedule: Schedule, bytes: number, shards: number): Loaded {
  const functions = new TeamFunctions({ shards, stride: Math.ceil(bytes / FIRST) * FIRST });
  const { pages, team } = functions;
  const memory = memoryOf({ initial: pages, maximum: pages, shared: true });
  const module = new WebAssembly.Module(assemble(schedule, functions));
  const threads = new Threads(module, memory, team);
  return {
    buffer: memory.buffer,
    starts: Array.from({ length: shards }, (_, k) => FIRST + k * team.stride),
    setup: () => threads.setup(),
    run: [() => threads.run()],
  };
}

/** A contender in a process of its own, seen from the outside. contender.ts is the inside. */
import { type ChildProcess, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { TargetName } from "retrograd";
import type { Way } from "./comparisons.ts";
import { PYTHON } from "./install.ts";
import { installFolder } from "./installed.ts";
import { fileOf } from "./numbers.ts";
import type { Check } from "./ratios.ts";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));
/** Node with TypeScript, as every script of ours runs. */
export const TYPESCRIPT = ["--import", "tsx"];

export interface Ready {
  readonly version: string;
  readonly startMs: number;
  readonly check: Check;
}

const SCRIPTS: Readonly<Record<Exclude<Way["peer"], "pytorch">, string>> = {
  tfjs: "tfjs.ts",
  jax: "jax.ts",
  brain: "brain.ts",
  "ort-node": "onnx.ts",
  "ort-web": "onnx.ts",
};

/** Where native programs are compiled to: emptied first, so that the first step pays for it. */
const cacheFolder = new URL("cache/", installFolder);
export const emptyCache = () => rmSync(cacheFolder, { recursive: true, force: true });

/** An exported choice of BLAS kernel can halve PyTorch: every library finds its own best one. */
function environment(): NodeJS.ProcessEnv {
  const { OPENBLAS_CORETYPE: _, OPENBLAS_L2_SIZE: __, ...rest } = process.env;
  return rest;
}
/** One thread, and an allocator that keeps its memory: a quarter faster than PyTorch's defaults. */
const PYTORCH_BEST = {
  OMP_NUM_THREADS: "1",
  OPENBLAS_NUM_THREADS: "1",
  MALLOC_MMAP_THRESHOLD_: "2000000000",
  MALLOC_TRIM_THRESHOLD_: "8000000000",
  MALLOC_TOP_PAD_: "268435456",
};

function launch(caseName: string, who: Way | TargetName): ChildProcess {
  const options = { cwd: ROOT, env: environment() };
  if (typeof who === "string") {
    const env = { ...options.env, XDG_CACHE_HOME: fileURLToPath(cacheFolder) };
    const args = [...TYPESCRIPT, script("ours.ts"), caseName, who];
    return spawn(process.execPath, args, { ...options, env });
  }
  if (who.peer === "pytorch") {
    const args = [script("pytorch.py"), caseName, who.variant, fileURLToPath(fileOf(caseName))];
    return spawn(PYTHON, args, { ...options, env: { ...options.env, ...PYTORCH_BEST } });
  }
  const file = script(SCRIPTS[who.peer]);
  return spawn(process.execPath, [...TYPESCRIPT, file, caseName, who.variant], options);
}

export class Player {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #errors = "";

  private constructor(caseName: string, who: Way | TargetName) {
    this.#process = launch(caseName, who);
    this.#process.stderr!.on("data", (text) => {
      this.#errors = (this.#errors + text).slice(-4000);
    });
    this.#process.stdin!.on("error", () => {}); // it has ended: the next answer says why
    this.#lines = createInterface({ input: this.#process.stdout! })[Symbol.asyncIterator]();
  }

  /** Start one and wait until it is ready. @throws with its last words when it ends before */
  static async start(caseName: string, who: Way | TargetName) {
    const player = new Player(caseName, who);
    try {
      return { player, ready: await player.#answer<Ready>("ready") };
    } catch (error) {
      player.stop();
      throw error;
    }
  }

  /** The next line with that field; what a library prints beside it is passed over. */
  async #answer<T>(field: string): Promise<T> {
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done) throw new Error(lastWords(this.#errors));
      if (value.startsWith("{") && field in JSON.parse(value)) return JSON.parse(value);
    }
  }

  /** Let it run for so many seconds. @returns  milliseconds of a step, the median of its turn */
  async turn(seconds: number): Promise<number> {
    this.#process.stdin!.write(`${seconds}\n`);
    return (await this.#answer<{ ms: number }>("ms")).ms;
  }

  stop(): void {
    this.#process.stdin!.end();
    this.#process.kill();
  }
}

/** The line of a stack trace that says what happened. */
function lastWords(text: string): string {
  const lines = text.split("\n").filter((line) => /Error|error|refus/.test(line));
  return lines.at(-1)?.trim() ?? text.trim().split("\n").at(-1) ?? "it ended without a word";
}

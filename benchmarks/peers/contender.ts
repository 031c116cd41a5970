/**
 * A process that takes part: it prepares, says that it is ready with what it computed, and then runs
 * for as many seconds as each line of its input says, answering with the median of a step.
 *
 *   → { ready: true, version, startMs, check }     ← 0.5     → { ms, runs }     ← 0.5     → …
 *
 * pytorch.py speaks the same.
 */
import { createInterface } from "node:readline";
import { median } from "../ceiling.ts";

export interface Contender {
  readonly version: string;
  /** What the first step costs beyond a later one, in ms: tracing, compiling, unrolling. */
  readonly startMs: number;
  /** What is compared with the others: losses, or figures of the output. */
  readonly check: Readonly<Record<string, number>>;
  run(): void | Promise<void>;
}

/** Short steps are timed together, so that reading the clock does not matter. */
const TOGETHER_MS = 0.5;

const timer = (run: Contender["run"]) => async (count: number) => {
  const start = performance.now();
  for (let i = 0; i < count; i++) {
    const pending = run();
    if (pending) await pending;
  }
  return (performance.now() - start) / count;
};

/** Runs for so many seconds after a warm-up of a fifth of it, but once at least. */
async function turn(run: Contender["run"], seconds: number, expected: number) {
  const time = timer(run);
  const together = Math.max(1, Math.round(TOGETHER_MS / expected));
  const start = performance.now();
  const left = () => start + seconds * 1e3 - performance.now();
  // Others have run meanwhile: caches are warmed again, unless that would take the whole turn.
  if (expected < seconds * 500) while (left() > seconds * 800) await time(together);
  const times: number[] = [];
  do times.push(await time(together));
  while (left() > 0);
  return { ms: median(times), runs: times.length * together };
}

const say = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);

export async function serve(prepare: () => Promise<Contender>): Promise<void> {
  const { run, ...ready } = await prepare();
  let expected = await timer(run)(1);
  say({ ready: true, ...ready });
  for await (const line of createInterface({ input: process.stdin })) {
    const answer = await turn(run, Number(line), expected);
    expected = answer.ms;
    say(answer);
  }
  process.exit(0);
}

/**
 * Ten steps that return their loss: what they cost to start, and the two losses that are compared.
 * @param step  one training step → its loss
 */
export async function firstSteps(step: () => number | Promise<number>) {
  const times: number[] = [];
  const losses: number[] = [];
  for (let i = 0; i < 10; i++) {
    const start = performance.now();
    losses.push(await step());
    times.push(performance.now() - start);
  }
  const startMs = times[0] - median(times.slice(1));
  return { startMs, check: { loss0: losses[0], loss9: losses[9] } };
}

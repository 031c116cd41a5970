/**
 * Times a case in turns with the ceiling, so that a machine that is slower for a while is slower for
 * both, and holds it against a roofline: the largest of the times that its multiply-adds, its bytes
 * and its elementary functions must take.
 */
import type { TargetName } from "retrograd";
import { ranks } from "../packages/retrograd/src/targets/ranks.ts";
import { hasRelaxed } from "../packages/retrograd/src/targets/wasm/index.ts";
import type { Prepared, Work } from "./case.ts";
import { bandwidth, ceilingSlice, median } from "./ceiling.ts";
import { type Elementary, elementaryMs } from "./elementary.ts";

export interface Measured {
  /** Median of a step, and the fastest one. */
  readonly ms: number;
  readonly fastest: number;
  readonly runs: number;
  readonly gflops: number;
  /** GFLOP/s. */
  readonly ceiling: number;
  readonly share: number;
  readonly bound: "multiply-adds" | "bandwidth" | "elementary";
}

/** Milliseconds that the parts of the work take at least; the largest is the roofline. */
export function roofline({ flops, bytes, elementary }: Work, ceiling: number, target: TargetName) {
  const parts = Object.entries(elementary) as [Elementary, number][];
  return {
    "multiply-adds": flops / ceiling / 1e6,
    bandwidth: bytes ? bytes / bandwidth(bytes, target) / 1e6 : 0,
    elementary: parts.reduce((sum, [name, count]) => sum + count * elementaryMs(name, target), 0),
  };
}

/** Ranks run in step: the first decides for all whether they go on. */
function agreed(own: boolean): boolean {
  const all = ranks();
  const votes = Int32Array.of(own && (all?.rank ?? 0) === 0 ? 1 : 0);
  all?.sum([votes]);
  return votes[0] > 0;
}

const SLICE_MS = 20;
/** Runs until 20 ms are over, each timed; short steps are timed together. */
function slice(run: () => void, together: number, times: number[]): void {
  const start = performance.now();
  let now = start;
  do {
    const before = now;
    for (let i = 0; i < together; i++) run();
    now = performance.now();
    times.push((now - before) / together);
  } while (agreed(now - start < SLICE_MS));
}

/**
 * @param seconds  how long to measure, after a warm-up of about a third of it
 * @param shards   threads that share a step: held against as many times what one can do
 */
export function measure(
  { run, work }: Prepared,
  target: TargetName,
  seconds: number,
  shards = 1,
): Measured {
  const warmUntil = performance.now() + (seconds / 3) * 1e3;
  let warm = 0;
  while (agreed(warm < 3 || performance.now() < warmUntil)) {
    run();
    warm++;
  }
  const before = performance.now();
  run();
  const some = Math.max(1, Math.round(0.5 / (performance.now() - before)));
  const together = ranks() ? 1 : some;
  const times: number[] = [];
  const ceilings: number[] = [];
  const until = performance.now() + seconds * 1e3;
  while (agreed(performance.now() < until || times.length < 5)) {
    slice(run, together, times);
    ceilings.push(ceilingSlice(target));
  }
  const ms = median(times);
  const ceiling = median(ceilings);
  const needed = Object.entries(roofline(work, ceiling, target)).sort((a, b) => b[1] - a[1]);
  const [bound, least] = needed[0];
  return {
    ms,
    fastest: Math.min(...times),
    runs: times.length * together,
    gflops: work.flops / ms / 1e6,
    ceiling: shards * ceiling,
    share: least / shards / ms,
    bound: bound as Measured["bound"],
  };
}

export const engine = () => ({ node: process.version, relaxed: hasRelaxed() });

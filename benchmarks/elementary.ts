/**
 * The time of one elementary function per element, as the compiler expands it: a state of 4,096
 * numbers in the cache is sent through it, step by step.
 */
import { jit, scan, type TargetName, type Tensor, tensor } from "retrograd";
import { median } from "./ceiling.ts";

export type Elementary = "exp" | "tanh" | "logistic" | "log";

const WIDTH = 4096;
const STEPS = 500;
const known = new Map<string, number>();

/** Milliseconds per element. */
export function elementaryMs(name: Elementary, target: TargetName): number {
  const key = `${name} ${target}`;
  const found = known.get(key);
  if (found !== undefined) return found;
  // exp and log are kept in their range by a product, which costs next to nothing.
  const apply = (x: Tensor): Tensor =>
    name === "exp" ? x.mul(-0.5).exp() : name === "log" ? x.abs().add(1.5).log() : x[name]();
  const step = ({ h }: { h: Tensor }) => ({ state: { h: apply(h) } });
  const program = jit(
    (h: Tensor) => scan(step, { h }, undefined, undefined, { length: STEPS }).state.h,
    { target },
  );
  const start = tensor(Float32Array.from({ length: WIDTH }, (_, i) => i / WIDTH));
  const times = Array.from({ length: 25 }, () => {
    const before = performance.now();
    program(start);
    return performance.now() - before;
  });
  const ms = median(times.slice(10)) / (WIDTH * STEPS);
  known.set(key, ms);
  return ms;
}

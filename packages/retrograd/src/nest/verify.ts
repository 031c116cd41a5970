/**
 * The verifier: proves that every address of every kernel lies inside its buffer, for all turns
 * of all loops around it, before anything is emitted. A failure is a fault of the compiler, never
 * of the user.
 */
import {
  type Affine,
  type Buffer,
  type Dynamic,
  type Kernel,
  kernelsOf,
  type Schedule,
  type Stmt,
  type Value,
} from "./nest.ts";

type Ranges = ReadonlyMap<string, number>; // the largest value of each index

export function verify(schedule: Schedule): void {
  const check = (k: Kernel, loops: readonly { index: string; count: number }[]) =>
    block(k, k.body, new Map(loops.map((l) => [l.index, l.count - 1])));
  kernelsOf(schedule.setup, check);
  kernelsOf(schedule.main, check);
}

function block(kernel: Kernel, body: readonly Stmt[], ranges: Ranges): void {
  for (const s of body) {
    if (s.kind === "for") {
      const last = Math.ceil(s.count / s.step) * s.step - s.step;
      block(kernel, s.body, new Map([...ranges, [s.index, last]]));
    } else {
      value(kernel, s.value, ranges);
      if (s.kind === "store")
        inside(kernel, s.buffer, s.at, ranges, s.value.lanes, 1, 0, s.dynamic);
    }
  }
}

function value(kernel: Kernel, v: Value, ranges: Ranges): void {
  if (v.kind === "call") for (const a of v.args) value(kernel, a, ranges);
  else if (v.kind === "splat" || v.kind === "lane") value(kernel, v.value, ranges);
  else if (v.kind === "load")
    inside(
      kernel,
      v.buffer,
      v.at,
      ranges,
      v.lanes,
      v.stride,
      v.stride === 1 ? v.lanes - 1 : 0,
      v.dynamic,
    );
}

function inside(
  kernel: Kernel,
  buffer: Buffer,
  at: Affine,
  ranges: Ranges,
  lanes: number,
  stride: number,
  slack: number,
  dynamic?: Dynamic,
): void {
  let low = at.base,
    high = at.base;
  const add = (extent: number) => (extent > 0 ? (high += extent) : (low += extent));
  for (const [index, s] of at.terms) {
    const last = ranges.get(index);
    if (last === undefined)
      throw new Error(`kernel ${kernel.name}: index ${index} has no loop around it`);
    add(s * last);
  }
  add((lanes - 1) * stride);
  if (dynamic) add((dynamic.count - 1) * dynamic.stride);
  if (low < 0 || high >= buffer.length + slack)
    throw new Error(
      `kernel ${kernel.name} reaches [${low}, ${high}] of ${buffer.name}, which has ${buffer.length} elements`,
    );
}

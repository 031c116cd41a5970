/**
 * The verifier: proves of every kernel, before anything is emitted, that each address lies inside
 * its buffer for all turns of all loops around it; that it touches only the buffers it declares,
 * on which the plan relies; that locals exist before they are read; and of the schedule, that no
 * buffer is read before something was written there. A failure is a fault of the compiler, never
 * of the user.
 */
import {
  type Affine,
  type Buffer,
  type Dynamic,
  type Item,
  type Kernel,
  kernelsOf,
  resolve,
  type Schedule,
  type Stmt,
  type Value,
} from "./nest.ts";

type Ranges = ReadonlyMap<string, number>; // the largest value of each index

export function verify(schedule: Schedule): void {
  const check = (k: Kernel, loops: readonly { index: string; count: number }[]) => {
    if (loops.every((l) => l.count > 0))
      block(k, k.body, new Map(loops.map((l) => [l.index, l.count - 1])), new Set());
    declares(k);
  };
  kernelsOf(schedule.setup, check);
  kernelsOf(schedule.main, check);
  written(schedule);
}

function block(
  kernel: Kernel,
  body: readonly Stmt[],
  ranges: Ranges,
  locals: ReadonlySet<string>,
): void {
  const known = new Set(locals);
  for (const s of body) {
    if (s.kind === "for") {
      if (s.count === 0) continue;
      const last = Math.ceil(s.count / s.step) * s.step - s.step;
      block(kernel, s.body, new Map([...ranges, [s.index, last]]), known);
      continue;
    }
    if (s.kind === "prefetch") {
      inside(kernel, s.buffer, s.at, ranges, 1, 1, 0);
      continue;
    }
    value(kernel, s.value, ranges, known);
    if (s.kind === "let") known.add(s.name);
    else if (s.kind === "store") {
      if (s.dynamic) value(kernel, s.dynamic.index, ranges, known);
      inside(kernel, s.buffer, s.at, ranges, s.value.lanes, 1, 0, s.dynamic);
    } else if (!known.has(s.name)) unknownLocal(kernel, s.name);
  }
}

const unknownLocal = (kernel: Kernel, name: string): never => {
  throw new Error(`kernel ${kernel.name}: local ${name} is used before it is made`);
};

function value(kernel: Kernel, v: Value, ranges: Ranges, locals: ReadonlySet<string>): void {
  if (v.kind === "call") for (const a of v.args) value(kernel, a, ranges, locals);
  else if (v.kind === "splat" || v.kind === "lane") value(kernel, v.value, ranges, locals);
  else if (v.kind === "local" && !locals.has(v.name)) unknownLocal(kernel, v.name);
  else if (v.kind === "index") for (const [index] of v.at.terms) lastOf(kernel, index, ranges);
  else if (v.kind === "load") {
    if (v.dynamic) value(kernel, v.dynamic.index, ranges, locals);
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
}

/** The largest value of an index. */
function lastOf(kernel: Kernel, index: string, ranges: Ranges): number {
  const last = ranges.get(index);
  if (last === undefined)
    throw new Error(`kernel ${kernel.name}: index ${index} has no loop around it`);
  return last;
}

/** Loads and stores of a kernel are among the accesses that it declares. */
function declares(kernel: Kernel): void {
  const reads = new Set(kernel.reads.map((a) => a.buffer)),
    writes = new Set(kernel.writes.map((a) => a.buffer));
  const must = (buffer: Buffer, declared: ReadonlySet<Buffer>, what: string) => {
    if (!declared.has(buffer))
      throw new Error(`kernel ${kernel.name} ${what} ${buffer.name} and does not say so`);
  };
  const seen = (v: Value): void => {
    if (v.kind === "call") v.args.forEach(seen);
    else if (v.kind === "splat" || v.kind === "lane") seen(v.value);
    else if (v.kind === "load") {
      // A kernel may read back what it stored itself.
      if (!writes.has(v.buffer)) must(v.buffer, reads, "reads");
      if (v.dynamic) seen(v.dynamic.index);
    }
  };
  const visit = (s: Stmt): void => {
    if (s.kind === "for") {
      s.body.forEach(visit);
      return;
    }
    if (s.kind === "prefetch") return;
    seen(s.value);
    if (s.kind === "store") must(s.buffer, writes, "writes");
  };
  kernel.body.forEach(visit);
}

/** Nothing is read before it is written, in the order in which kernels run. */
function written({ setup, main, buffers }: Schedule): void {
  const packed = new Set<Buffer>(); // residents that the schedule itself makes
  kernelsOf(setup, (k) => {
    for (const a of k.writes) packed.add(resolve(a.buffer));
  });
  const filled = new Set<Buffer>();
  for (const b of buffers) {
    const given = b.kind === "input" || b.kind === "constant" || b.kind === "resident";
    if (given && !packed.has(resolve(b))) filled.add(resolve(b));
  }
  const read = (buffer: Buffer, who: string) => {
    if (buffer.length > 0 && !filled.has(resolve(buffer)))
      throw new Error(`${who} reads ${buffer.name} before anything is written there`);
  };
  const walk = (items: readonly Item[]): void => {
    for (const item of items) {
      if (item.kind === "kernel") {
        for (const a of item.kernel.reads) read(a.buffer, `kernel ${item.kernel.name}`);
        for (const a of item.kernel.writes) filled.add(resolve(a.buffer));
        continue;
      }
      if (item.kind === "collective") {
        for (const b of item.buffers) read(b, item.name);
        continue;
      }
      if (item.kind === "loop" && item.count === 0) continue;
      if (item.kind === "while") {
        walk(item.condition);
        read(item.flag, "while");
      }
      walk(item.body);
    }
  };
  walk(setup);
  walk(main);
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
  for (const [index, s] of at.terms) add(s * lastOf(kernel, index, ranges));
  add((lanes - 1) * stride);
  if (dynamic) add((dynamic.count - 1) * dynamic.stride);
  if (low < 0 || high >= buffer.length + slack)
    throw new Error(
      `kernel ${kernel.name} reaches [${low}, ${high}] of ${buffer.name}, which has ${buffer.length} elements`,
    );
}

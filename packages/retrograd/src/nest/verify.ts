/**
 * The verifier: proves of every kernel, before anything is emitted, that each address lies inside
 * its buffer for all turns of all loops around it; that it touches only the buffers it declares,
 * on which the plan relies; that locals exist before they are read; and of the schedule, that no
 * buffer is read before something was written there. A failure is a fault of the compiler, never
 * of the user.
 */
import {
  type Access,
  type Buffer,
  type Item,
  type Kernel,
  kernelsOf,
  partsOf,
  resolve,
  type Schedule,
  type Stmt,
  type Value,
} from "./nest.ts";

type Ranges = ReadonlyMap<string, number>; // the largest value of each index

/** Elements behind the end of a buffer that may be asked for, though never read. */
const AHEAD = 2 ** 16;

export function verify(schedule: Schedule): void {
  const check: Parameters<typeof kernelsOf>[1] = (kernel, loops) => {
    if (loops.every((l) => l.count > 0))
      block(kernel, kernel.body, new Map(loops.map((l) => [l.index, l.count - 1])), new Set());
  };
  kernelsOf(schedule.setup, check);
  kernelsOf(schedule.main, check);
  written(schedule);
}

function block(
  kernel: Kernel,
  body: readonly Stmt[],
  ranges: Ranges,
  outer: ReadonlySet<string>,
): void {
  const locals = new Set(outer);
  const fault = (what: string): never => {
    throw new Error(`kernel ${kernel.name}${what}`);
  };
  const mustExist = (name: string) =>
    locals.has(name) || fault(`: local ${name} is used before it is made`);
  const lastOf = (index: string): number =>
    ranges.get(index) ?? fault(`: index ${index} has no loop around it`);
  /** The kernel says that it touches the buffer, and stays within it. */
  const touches = (
    { buffer, at, dynamic }: Pick<Value & { kind: "load" }, "buffer" | "at" | "dynamic">,
    declared: readonly Access[],
    what: string,
    width: number,
    slack: number,
  ) => {
    if (!declared.some((a) => a.buffer === buffer))
      fault(` ${what} ${buffer.name} and does not say so`);
    const extents = at.terms.map(([index, stride]) => stride * lastOf(index));
    extents.push(width, dynamic ? (dynamic.count - 1) * dynamic.stride : 0);
    let low = at.base,
      high = at.base;
    for (const extent of extents) extent > 0 ? (high += extent) : (low += extent);
    if (low < 0 || high >= buffer.length + slack)
      fault(` reaches [${low}, ${high}] of ${buffer.name}, which has ${buffer.length} elements`);
  };
  // A kernel may read back what it stored itself.
  const all = [...kernel.reads, ...kernel.writes];
  const part = (v: Value): void => {
    if (v.kind === "local") mustExist(v.name);
    else if (v.kind === "index") v.at.terms.forEach(([index]) => lastOf(index));
    else if (v.kind === "load") {
      const { lanes, stride } = v;
      touches(v, all, "reads", (lanes - 1) * stride, stride === 1 ? lanes - 1 : 0);
    }
  };
  for (const s of body) {
    if (s.kind === "for") {
      const last = Math.ceil(s.count / s.step) * s.step - s.step;
      if (s.from) {
        const first = s.from.terms.map(([i, stride]) => Math.min(0, stride * lastOf(i)));
        if (first.reduce((a, b) => a + b, s.from.base) < 0)
          fault(`: index ${s.index} begins below 0`);
      }
      if (s.count > 0) block(kernel, s.body, new Map([...ranges, [s.index, last]]), locals);
      continue;
    }
    if (s.kind === "prefetch") {
      // Nothing is read: what is asked for ahead may lie behind the end.
      touches(s, all, "asks for", 0, AHEAD);
      continue;
    }
    partsOf(s.value, part);
    if (s.kind === "store") {
      if (s.dynamic) partsOf(s.dynamic.index, part);
      touches(s, kernel.writes, "writes", s.value.lanes - 1, 0);
    } else if (s.kind === "let") locals.add(s.name);
    else mustExist(s.name);
  }
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

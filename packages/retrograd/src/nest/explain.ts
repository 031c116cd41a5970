/**
 * What a program is made of, for people: kernels, operations, memory, and what the compiler did.
 */
import { bytesOf } from "../scalar/dtype.ts";
import type { Graph } from "../tensor/graph.ts";
import { type Buffer, type Item, kernelsOf, type Schedule } from "./nest.ts";

/** A quantity in the largest of its units that it fills; the first unit is counted whole. */
const inUnits = (n: number, step: number, digits: readonly number[], units: readonly string[]) => {
  let k = 0;
  while (n >= step && k < units.length - 1) [n, k] = [n / step, k + 1];
  return `${k ? n.toFixed(digits[k - 1]) : n} ${units[k]}`;
};
const mega = (n: number): string => inUnits(n, 1000, [1, 2, 2], ["", "k", "M", "G"]);
/** So many bytes, for people. */
export const showBytes = (n: number): string => inUnits(n, 1024, [1, 1], ["bytes", "KiB", "MiB"]);

/** Kernels of a schedule, and the floating-point operations of a call. */
export function workIn({ main }: Schedule): { kernels: number; flops: number } {
  let kernels = 0,
    total = 0;
  kernelsOf(main, ({ flops }, loops) => {
    kernels++;
    total += loops.reduce((n, { count }) => n * count, flops);
  });
  return { kernels, flops: total };
}

export function explain(graph: Graph, schedule: Schedule, peakBytes: number): string {
  const lines: string[] = [];
  const { kernels, flops: total } = workIn(schedule);
  lines.push(
    `${graph.inputs.length} inputs, ${graph.outputs.length} outputs`,
    `${kernels} kernels, ${mega(total)}FLOP a call, ${showBytes(peakBytes)} of memory`,
  );
  const kept = schedule.buffers.filter(
    ({ kind, alias, rows, length, offset }) =>
      kind === "temporary" &&
      !alias &&
      Number.isInteger(rows) &&
      length > 0 &&
      offset !== undefined,
  );
  if (kept.length) {
    const bytes = (b: Buffer) => b.length * bytesOf(b.dtype);
    const all = kept.reduce((n, b) => n + bytes(b), 0);
    lines.push("", `kept over time, ${showBytes(all)}:`);
    for (const b of kept)
      lines.push(
        `  ${b.name}: ${b.rows} × ${showBytes(bytes(b) / b.rows!)} = ${showBytes(bytes(b))}`,
      );
  }
  if (schedule.notes.length)
    lines.push("", "what the passes did:", ...counted(schedule.notes).map((n) => `  ${n}`));
  if (schedule.setup.length)
    lines.push("", "once after residents are written:", ...print(schedule.setup, "  "));
  lines.push("", "at each call:", ...print(schedule.main, "  "));
  return lines.join("\n");
}

/** Equal notes once, with their number. */
function counted(notes: readonly string[]): string[] {
  const times = new Map<string, number>();
  for (const n of notes) times.set(n, (times.get(n) ?? 0) + 1);
  return [...times].map(([note, n]) => (n > 1 ? `${note} (${n} times)` : note));
}

function print(items: readonly Item[], pad: string): string[] {
  return items.flatMap((item): string[] => {
    if (item.kind === "kernel") {
      const { name, note, flops } = item.kernel;
      return [`${pad}${name}: ${note}${flops ? `, ${mega(flops)}FLOP` : ""}`];
    }
    if (item.kind === "while")
      return [
        `${pad}while`,
        ...print(item.condition, `${pad}  ? `),
        ...print(item.body, `${pad}  `),
      ];
    if (item.kind === "collective") {
      const bytes = item.buffers.reduce((n, b) => n + b.length * bytesOf(b.dtype), 0);
      return [
        `${pad}${item.name}: ${item.buffers.length} tensors, ${showBytes(bytes)}, over all shards`,
      ];
    }
    return [
      `${pad}for ${item.count} steps${item.reverse ? ", backwards" : ""} (${item.name}):`,
      ...print(item.body, `${pad}  `),
    ];
  });
}

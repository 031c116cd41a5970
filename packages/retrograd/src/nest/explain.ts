/**
 * What a program is made of, for people: kernels, operations, memory, and what the compiler did.
 */
import { bytesOf } from "../scalar/dtype.ts";
import type { Graph } from "../tensor/graph.ts";
import type { Buffer, Item, Kernel, Schedule } from "./nest.ts";

const mega = (n: number): string =>
  n >= 1e9
    ? `${(n / 1e9).toFixed(2)} G`
    : n >= 1e6
      ? `${(n / 1e6).toFixed(2)} M`
      : n >= 1e3
        ? `${(n / 1e3).toFixed(1)} k`
        : `${n} `;
const size = (bytes: number): string =>
  bytes >= 2 ** 20
    ? `${(bytes / 2 ** 20).toFixed(1)} MiB`
    : bytes >= 1024
      ? `${(bytes / 1024).toFixed(1)} KiB`
      : `${bytes} bytes`;

/** Σ of a figure of kernels, over the turns of loops where they are counted. */
function total(
  items: readonly Item[],
  of: (k: Kernel) => number,
  turns = (count: number) => count,
): number {
  return items.reduce((n, item) => {
    if (item.kind === "kernel") return n + of(item.kernel);
    if (item.kind === "loop") return n + turns(item.count) * total(item.body, of, turns);
    if (item.kind === "while") return n + total([...item.condition, ...item.body], of, turns);
    return n;
  }, 0);
}
export const flopsOf = (items: readonly Item[]): number => total(items, (k) => k.flops);
const kernelsIn = (items: readonly Item[]): number =>
  total(
    items,
    () => 1,
    () => 1,
  );

export function explain(graph: Graph, schedule: Schedule, peakBytes: number): string {
  const lines: string[] = [];
  const flops = flopsOf(schedule.main);
  lines.push(
    `${graph.inputs.length} inputs, ${graph.outputs.length} outputs`,
    `${kernelsIn(schedule.main)} kernels, ${mega(flops)}FLOP a call, ${size(peakBytes)} of memory`,
  );
  const kept = schedule.buffers.filter(
    (b) => b.kind === "temporary" && !b.alias && Number.isInteger(b.rows) && b.offset !== undefined,
  );
  if (kept.length) {
    const bytes = (b: Buffer) => b.length * bytesOf(b.dtype);
    const all = kept.reduce((n, b) => n + bytes(b), 0);
    lines.push("", `kept over time, ${size(all)}:`);
    for (const b of kept)
      lines.push(`  ${b.name}: ${b.rows} × ${size(bytes(b) / b.rows!)} = ${size(bytes(b))}`);
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
        `${pad}${item.name}: ${item.buffers.length} tensors, ${size(bytes)}, over all shards`,
      ];
    }
    return [
      `${pad}for ${item.count} steps${item.reverse ? ", backwards" : ""} (${item.name}):`,
      ...print(item.body, `${pad}  `),
    ];
  });
}

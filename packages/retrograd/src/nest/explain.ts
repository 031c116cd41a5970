/**
 * What a program is made of, for people: kernels, operations, memory, and what the compiler did.
 */
import { bytesOf } from "../scalar/dtype.ts";
import type { Graph } from "../tensor/graph.ts";
import type { Buffer, Item, Schedule } from "./nest.ts";

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

export function flopsOf(items: readonly Item[]): number {
  return items.reduce(
    (n, i) =>
      n +
      (i.kind === "kernel"
        ? i.kernel.flops
        : i.kind === "loop"
          ? i.count * flopsOf(i.body)
          : flopsOf([...i.condition, ...i.body])),
    0,
  );
}

export function explain(graph: Graph, schedule: Schedule, peakBytes: number): string {
  const lines: string[] = [];
  const kernels = (items: readonly Item[]): number =>
    items.reduce(
      (n, i) =>
        n +
        (i.kind === "kernel"
          ? 1
          : kernels(i.kind === "loop" ? i.body : [...i.condition, ...i.body])),
      0,
    );
  const total = flopsOf(schedule.main);
  lines.push(
    `${graph.inputs.length} inputs, ${graph.outputs.length} outputs`,
    `${kernels(schedule.main)} kernels, ${mega(total)}FLOP a call, ${size(peakBytes)} of memory`,
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
    return [
      `${pad}for ${item.count} steps${item.reverse ? ", backwards" : ""} (${item.name}):`,
      ...print(item.body, `${pad}  `),
    ];
  });
}

/**
 * What a program is made of, for people: kernels, operations, memory, and what the compiler did.
 */
import { bytesOf } from "../scalar/dtype.ts";
import type { Graph } from "../tensor/graph.ts";
import { type Item, resolve, type Schedule } from "./nest.ts";

const mega = (n: number): string =>
  n >= 1e9
    ? `${(n / 1e9).toFixed(2)} G`
    : n >= 1e6
      ? `${(n / 1e6).toFixed(2)} M`
      : n >= 1e3
        ? `${(n / 1e3).toFixed(1)} k`
        : `${n} `;
const size = (bytes: number): string =>
  bytes >= 2 ** 20 ? `${(bytes / 2 ** 20).toFixed(1)} MiB` : `${(bytes / 1024).toFixed(1)} KiB`;

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
    `${kernels(schedule.main)} kernels, ${mega(total)}FLOP a call, arena ${size(peakBytes)}`,
  );
  const kept = schedule.buffers.filter(
    (b) =>
      !b.alias &&
      b.kind === "temporary" &&
      b.offset !== undefined &&
      /^(history|scan|keep)/.test(b.name),
  );
  if (kept.length) {
    lines.push("", "kept over time:");
    for (const b of kept) lines.push(`  ${b.name}: ${size(resolve(b).length * bytesOf(b.dtype))}`);
  }
  if (schedule.notes.length) lines.push("", "passes:", ...schedule.notes.map((n) => `  ${n}`));
  if (schedule.setup.length)
    lines.push("", "once after residents are written:", ...print(schedule.setup, "  "));
  lines.push("", "at each call:", ...print(schedule.main, "  "));
  return lines.join("\n");
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

/**
 * A schedule as one C file: a function per kernel, and `setup` and `run`, which walk the schedule in
 * loops. It allocates nothing and needs no library; all it knows of the world is the arena that
 * it is given. Whoever compiles it must allow a·b + c to round once (-ffp-contract=fast) and
 * integers to wrap (-fwrapv).
 */
import { type Item, type Kernel, resolve, type Schedule } from "../../nest/nest.ts";
import { partName, segmentsOf } from "../../nest/segments.ts";
import { type PrintedKernel, printKernel } from "./kernel.ts";
import { prelude } from "./prelude.ts";
import { addUp, runShards, sumOf, team } from "./shards.ts";
import { numberType } from "./types.ts";

/** What the file is printed for: bytes of a vector, and whether numbers have a multiply-add. */
export interface Machine {
  readonly vectorBytes: number;
  readonly fma: boolean;
}

/**
 * The C file of a schedule: `setup` after residents are written, `run` at each call, and `run1`, …
 * where it is cut by sums that somebody else makes. For several
 * shards `run` takes the address of the first arena and the distance to the next, and starts a
 * thread for each but the first.
 */
export function printC(schedule: Schedule, { vectorBytes, fma }: Machine, shards = 1): string {
  const sums = new Map<string, string>();
  const kernels = new Map<Kernel, PrintedKernel>();
  const call = (kernel: Kernel): string => {
    const known = kernels.get(kernel) ?? printKernel(kernel, vectorBytes, fma);
    kernels.set(kernel, known);
    return `${known.name}(${["arena", ...known.indices].join(", ")});`;
  };
  const walk = (items: readonly Item[]): string[] =>
    items.flatMap((item) => {
      if (item.kind === "kernel") return [call(item.kernel)];
      if (item.kind === "while")
        return [
          "for (;;) {",
          ...indented(walk(item.condition)),
          `  if (!*(int_at *)(arena + ${resolve(item.flag).offset})) break;`,
          ...indented(walk(item.body)),
          "}",
        ];
      if (item.kind === "collective") {
        for (const { dtype } of item.buffers)
          sums.set(numberType(dtype), sumOf(dtype, vectorBytes));
        return addUp(item);
      }
      const { index: i, count, reverse, body } = item;
      if (count <= 0) return [];
      const head = reverse
        ? `${i} = ${count - 1}; ${i} >= 0; ${i}--`
        : `${i} = 0; ${i} < ${count}; ${i}++`;
      return [`for (long ${head}) {`, ...indented(walk(body)), "}"];
    });
  const driver = (head: string, items: readonly Item[]): string =>
    [`${head} {`, ...indented(walk(items)), "}"].join("\n");
  const setup = driver("void setup(address arena)", schedule.setup);
  const drivers =
    shards === 1
      ? [
          setup,
          ...segmentsOf(schedule).parts.map((items, k) =>
            driver(`void ${partName(k)}(address arena)`, items),
          ),
        ]
      : [
          setup,
          driver("static void run_shard(address arena, team *all, long shard)", schedule.main),
          runShards,
        ];
  const functions = [...kernels.values()].map(({ code }) => code);
  const threads = shards === 1 ? [] : [team(shards), ...sums.values()];
  return `${[prelude(vectorBytes), ...threads, ...functions, ...drivers].join("\n\n")}\n`;
}

const indented = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);

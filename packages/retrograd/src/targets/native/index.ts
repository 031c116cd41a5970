/**
 * A schedule as one C file: a function per kernel, and `setup` and `run`, which walk the schedule in
 * loops. It allocates nothing and needs no library; all it knows of the world is the arena that
 * it is given. Whoever compiles it must allow a·b + c to round once (-ffp-contract=fast) and
 * integers to wrap (-fwrapv).
 */
import { type Item, type Kernel, resolve, type Schedule } from "../../nest/nest.ts";
import { type PrintedKernel, printKernel } from "./kernel.ts";
import { prelude } from "./prelude.ts";

/** What the file is printed for: bytes of a vector, and whether numbers have a multiply-add. */
export interface Machine {
  readonly vectorBytes: number;
  readonly fma: boolean;
}

/** The C file of a schedule: `setup` after residents are written, `run` at each call. */
export function printC(schedule: Schedule, { vectorBytes, fma }: Machine): string {
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
      const { index: i, count, reverse, body } = item;
      if (count <= 0) return [];
      const head = reverse
        ? `${i} = ${count - 1}; ${i} >= 0; ${i}--`
        : `${i} = 0; ${i} < ${count}; ${i}++`;
      return [`for (long ${head}) {`, ...indented(walk(body)), "}"];
    });
  const driver = (name: string, items: readonly Item[]): string =>
    [`void ${name}(address arena) {`, ...indented(walk(items)), "}"].join("\n");
  const drivers = [driver("setup", schedule.setup), driver("run", schedule.main)];
  const functions = [...kernels.values()].map(({ code }) => code);
  return `${[prelude(vectorBytes), ...functions, ...drivers].join("\n\n")}\n`;
}

const indented = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);

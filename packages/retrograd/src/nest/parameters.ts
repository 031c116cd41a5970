/** What a kernel takes from the loops around it, so that printers agree on its parameters. */
import { type Kernel, walk } from "./nest.ts";

/** Indices of the schedule's loops that a kernel reads: its parameters. */
export function parametersOf(kernel: Kernel): string[] {
  const own = new Set<string>(),
    used = new Set<string>();
  walk(kernel.body, (part) => {
    if (part.kind === "for") {
      own.add(part.index);
      for (const [index] of part.from?.terms ?? []) used.add(index);
    } else if ("at" in part) for (const [index] of part.at.terms) used.add(index);
  });
  return [...used].filter((i) => !own.has(i)).sort();
}

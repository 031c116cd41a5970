/** What a kernel takes from the loops around it, so that printers agree on its parameters. */
import type { Affine, Kernel, Stmt, Value } from "./nest.ts";

/** Indices of the schedule's loops that a kernel reads: its parameters. */
export function parametersOf(kernel: Kernel): string[] {
  const own = new Set<string>(),
    used = new Set<string>();
  const affine = (a: Affine) => a.terms.forEach(([i]) => used.add(i));
  const value = (v: Value): void => {
    if (v.kind === "call") v.args.forEach(value);
    else if (v.kind === "splat" || v.kind === "lane") value(v.value);
    else if (v.kind === "load" || v.kind === "index") affine(v.at);
    if (v.kind === "load" && v.dynamic) value(v.dynamic.index);
  };
  const visit = (s: Stmt): void => {
    if (s.kind === "for") {
      own.add(s.index);
      s.body.forEach(visit);
      return;
    }
    if (s.kind === "store" || s.kind === "prefetch") affine(s.at);
    if (s.kind === "prefetch") return;
    value(s.value);
    if (s.kind === "store" && s.dynamic) value(s.dynamic.index);
  };
  kernel.body.forEach(visit);
  return [...used].filter((i) => !own.has(i)).sort();
}

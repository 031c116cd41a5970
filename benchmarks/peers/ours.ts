/** Ours, as a contender: ours.ts CASE TARGET */
import "retrograd/node"; // the native target
import type { TargetName } from "retrograd";
import { allCases } from "../allCases.ts";
import { serve } from "./contender.ts";

const COMPARED = ["loss0", "loss9", "mean", "rms"];

const [name, target] = process.argv.slice(2);

await serve(async () => {
  const benchmark = (await allCases()).find((c) => c.name === name);
  if (!benchmark) throw new Error(`There is no case "${name}"`);
  const prepared = await benchmark.prepare({ target: target as TargetName });
  if (prepared.kind !== "step") throw new Error(`${name} has no step`);
  const fields = Object.entries(prepared.fields?.() ?? {});
  return {
    version: `Node ${process.versions.node}`,
    startMs: prepared.compileMs,
    check: Object.fromEntries(fields.filter(([key]) => COMPARED.includes(key))) as Record<
      string,
      number
    >,
    run: prepared.run,
  };
});

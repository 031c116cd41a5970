/**
 * What the compiler makes of programs that stand for many, as text in files: a pass that changes shows
 * as a difference in review. `npm run unit -- replay -u` writes the files again.
 */
import { expect, test } from "vitest";
import { optimise } from "../../src/compile/index.ts";
import { compileOptimised } from "../../src/nest/compile.ts";
import { printGraph } from "../../src/tensor/print.ts";
import { FUSED } from "../nest/machine.ts";
import { expectCompiled } from "./compiled.ts";
import { programs } from "./programs.ts";

test.each(Object.entries(programs))("%s", async (name, [graph, rows]) => {
  const optimised = optimise(graph, rows);
  const { explain } = compileOptimised(optimised, FUSED, {});
  const text = `${explain()}\n\n${printGraph(optimised.graph)}\n`;
  const file = `${name.toLowerCase().replaceAll(/[^a-z]+/g, "-")}.txt`;
  await expect(text).toMatchFileSnapshot(`replay/${file}`);
});

test.each(Object.entries(programs))("%s: the values of the reference", (_, [graph, rows]) => {
  expectCompiled(graph, { rows, can: [FUSED] });
});

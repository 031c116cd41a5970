/** A program is as large for many steps as for few, and so is the work of compiling it. */
import { expect, test } from "vitest";
import { optimise } from "../../src/compile/index.ts";
import { type Graph, topological } from "../../src/tensor/graph.ts";
import { vjp } from "../../src/transform/vjp.ts";
import { FUSED, machine } from "../nest/machine.ts";
import { lstmOver } from "./programs.ts";

/** Nodes of a graph and of the steps of its loops. */
const nodesOf = (g: Graph): number =>
  topological(g.outputs).reduce(
    (n, node) => n + 1 + (node.attrs?.step?.outputs ? nodesOf(node.attrs.step) : 0),
    0,
  );

test("64 steps and 4096 steps are one program", () => {
  const [few, many] = [64, 4096].map((time) => {
    const graph = vjp(lstmOver(time));
    const { bytes, kernels, peakBytes } = machine(graph, FUSED, { rows: 128 });
    const names = kernels.map((line) => line.split(":")[0]);
    return { nodes: nodesOf(optimise(graph, 128).graph), names, bytes: bytes.length, peakBytes };
  });
  expect(many.nodes).toBe(few.nodes);
  expect(many.names).toEqual(few.names);
  expect(many.bytes / few.bytes).toBeLessThan(1.05); // longer numbers, not more code
  // Only what is kept for the way back grows with time.
  expect(many.peakBytes / few.peakBytes).toBeLessThan(64);
});

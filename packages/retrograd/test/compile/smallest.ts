/** The smallest loop that shows what a pass is for, and what one sees in a graph. */
import { scan, type Tensor } from "retrograd";
import { prune } from "../../src/compile/prune.ts";
import { type Loop, scanOp } from "../../src/loops/scan.ts";
import { type Graph, topological, trace } from "../../src/tensor/graph.ts";
import type { Node, Type } from "../../src/tensor/tensor.ts";

export const float = (...shape: number[]): Type => ({ shape, dtype: "float64" });
export const twice = (g: Graph) => prune(prune(g));

export const nodes = (g: Graph): Node[] => topological(g.outputs).filter((n) => n.args.length > 0);
export const names = (g: Graph): string[] => nodes(g).map((n) => n.attrs?.name ?? n.op.name);
export const loops = (g: Graph): Loop[] =>
  nodes(g)
    .filter((n) => n.op === scanOp)
    .map((n) => n.attrs as Loop);
export const products = (g: Graph): Node[] =>
  nodes(g).filter((n) => n.op.name === "map" && n.args.length === 2 && /dot/.test(n.attrs.name));

export const step = ({ h }: { h: Tensor }, x: Tensor, { W, U }: Record<"W" | "U", Tensor>) => {
  const next = x.dot(U).add(h.dot(W)).tanh();
  return { state: { h: next }, output: next };
};
/** h [2, 3], x [time, 2, 4], W [3, 3], U [4, 3] → all outputs. */
export const cell = (time: number): Graph =>
  trace([float(2, 3), float(time, 2, 4), float(3, 3), float(4, 3)], (h, x, W, U) => [
    scan(step, { h }, x, { W, U }).outputs,
  ]);

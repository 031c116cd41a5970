/** graph: what tracing a function left, to be read as text or looked at. */

import type { Graph } from "../tensor/graph.ts";
import { printGraph } from "../tensor/print.ts";
import { paths } from "../tensor/tree.ts";
import { traceTree } from "../transform/function.ts";
import { dotOf } from "./dot.ts";
import { type DrawOptions, drawingOf } from "./drawing.ts";
import { layoutOf } from "./layout.ts";
import { svgOf } from "./svg.ts";

export interface GraphView {
  /** One line per op; steps of loops indented. */
  text(): string;
  /** For Graphviz. `unroll: 3` draws three steps of every loop, with shared weights drawn once. */
  dot(options?: DrawOptions): string;
  /** A self-contained picture. */
  svg(options?: DrawOptions): string;
}

/** Text and pictures of a graph. */
export const viewOf = (graph: Graph, results: readonly string[] = []): GraphView => ({
  text: () => printGraph(graph),
  dot: (options) => dotOf(drawingOf(graph, { results, ...options })),
  svg: (options) => svgOf(layoutOf(drawingOf(graph, { results, ...options }))),
});

/**
 * The graph of a function, for arguments of the types of `args`.
 * @param f  (…trees) → tree
 */
export function graph(f: (...args: any[]) => unknown, ...args: readonly unknown[]): GraphView {
  const traced = traceTree(f, args);
  return viewOf(traced.graph, paths(traced.result));
}

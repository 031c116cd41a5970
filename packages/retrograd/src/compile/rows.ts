/** How much of a step could leave its loop: the products in it, and how many rows each has. */

import { isElementwise, type MapAttrs, reduced } from "../ops/map.ts";
import { type Graph, topological } from "../tensor/graph.ts";
import type { Node } from "../tensor/tensor.ts";
import { dependents } from "./rewrite.ts";

/**
 * Rows that one step brings to a product over all steps: what chunks are sized by. undefined
 * where a step has no product at all.
 * @param changes  how many of the step's inputs change from step to step: states and inputs
 */
export function rowsPerStep(step: Graph, changes: number): number | undefined {
  const changing = dependents(
    step,
    step.inputs.slice(0, changes).map((t) => t.node),
  );
  let rows: number | undefined;
  for (const node of topological(step.outputs)) {
    if (node.op.name !== "map" || isElementwise(node.attrs) || node.args.length < 2) continue;
    rows = Math.max(rows ?? 1, rowsOf(node, changing));
  }
  return rows;
}

function rowsOf({ attrs, args }: Node<MapAttrs>, changing: ReadonlySet<Node>): number {
  const varies = args.map((a) => changing.has(a.node));
  const fixed = attrs.operands.filter((_, k) => !varies[k]).join(""),
    moving = attrs.operands.filter((_, k) => varies[k]).join("");
  const rows = fixed
    ? [...attrs.out].filter((l) => moving.includes(l) && !fixed.includes(l))
    : reduced(attrs);
  return rows.reduce((n, l) => n * attrs.sizes[l], 1);
}

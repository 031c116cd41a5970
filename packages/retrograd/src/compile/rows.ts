/** How much of a step could leave its loop: the products in it, and how many rows each has. */

import { isElementwise, type MapAttrs, reduced } from "../ops/map.ts";
import { type Graph, topological } from "../tensor/graph.ts";
import type { Node } from "../tensor/tensor.ts";
import { dependents } from "./rewrite.ts";

/**
 * Rows that one step brings to a product over all steps: what chunks are sized by. Products of
 * matrices decide, which read a row of weights less often the more rows there are; only where there
 * is none, those with a vector. undefined where a step has no product at all.
 * @param changes  how many of the step's inputs change from step to step: states and inputs
 */
export function rowsPerStep(step: Graph, changes: number): number | undefined {
  const changing = dependents(
    step,
    step.inputs.slice(0, changes).map((t) => t.node),
  );
  const products = topological(step.outputs).filter(
    ({ op, attrs, args }) => op.name === "map" && !isElementwise(attrs) && args.length > 1,
  );
  const ofMatrices = products.filter(({ attrs }) => isOfMatrices(attrs));
  const rows = (ofMatrices.length ? ofMatrices : products).map((n) => rowsOf(n, changing));
  return rows.length ? Math.max(1, ...rows) : undefined;
}

/** True where the output has letters of its own of two operands: rows and columns. */
const isOfMatrices = ({ operands, out }: MapAttrs): boolean =>
  operands.filter((own, k) =>
    [...out].some((l) => own.includes(l) && operands.every((o, j) => j === k || !o.includes(l))),
  ).length > 1;

function rowsOf({ attrs, args }: Node<MapAttrs>, changing: ReadonlySet<Node>): number {
  const varies = args.map((a) => changing.has(a.node));
  const fixed = attrs.operands.filter((_, k) => !varies[k]).join(""),
    moving = attrs.operands.filter((_, k) => varies[k]).join("");
  const rows = fixed
    ? [...attrs.out].filter((l) => moving.includes(l) && !fixed.includes(l))
    : reduced(attrs);
  return rows.reduce((n, l) => n * attrs.sizes[l], 1);
}

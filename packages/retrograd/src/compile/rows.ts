/** How much of a step could leave its loop: the products in it, and how many rows each has. */

import { isElementwise, type MapAttrs, reduced } from "../ops/map.ts";
import { dependents, type Graph, topological } from "../tensor/graph.ts";
import type { Node } from "../tensor/tensor.ts";

/**
 * Rows that one step brings to a product over all steps: what chunks are sized by. A product with
 * a vector of weights gains nothing from more rows, and counts only where there is no other.
 * undefined where a step has no product at all.
 * @param changes  how many of the step's inputs change from step to step: states and inputs
 */
export function rowsPerStep(step: Graph, changes: number): number | undefined {
  const changing = dependents(step, step.inputs.slice(0, changes));
  const products = topological(step.outputs)
    .filter(({ op, attrs, args }) => op.name === "map" && !isElementwise(attrs) && args.length > 1)
    .map((n) => rolesOf(n, changing));
  const gaining = products.filter(({ isWithVector }) => !isWithVector);
  const rows = (gaining.length ? gaining : products).map((p) => p.rows);
  return rows.length ? Math.max(1, ...rows) : undefined;
}

function rolesOf({ attrs, args }: Node<MapAttrs>, changing: ReadonlySet<Node>) {
  const { operands, out, sizes } = attrs;
  const varies = args.map((a) => changing.has(a.node));
  const fixed = operands.filter((_, k) => !varies[k]).join(""),
    moving = operands.filter((_, k) => varies[k]).join("");
  const rows = fixed
    ? [...out].filter((l) => moving.includes(l) && !fixed.includes(l))
    : reduced(attrs);
  return {
    rows: rows.reduce((n, l) => n * sizes[l], 1),
    isWithVector: fixed !== "" && ![...fixed].some((l) => out.includes(l)),
  };
}

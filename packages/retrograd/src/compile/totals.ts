/**
 * Totals: states that only add something up at each step (dW = Σ aᵀg). No step reads them, so they
 * need no loop: each is one sum over time, and a sum of sums is one sum with one more letter.
 */

import { type Loop, results } from "../loops/scan.ts";
import { lettersOfRank } from "../ops/axes.ts";
import { concatenateOp } from "../ops/concatenate.ts";
import { type MapAttrs, recordMap } from "../ops/map.ts";
import { recordReshape, reshapeOp } from "../ops/reshape.ts";
import { padOp } from "../ops/slice.ts";
import { type Expr, isFloat, lettersOf, slot, slotsOf } from "../scalar/index.ts";
import { dependents, topological } from "../tensor/graph.ts";
import { record, same, type Tensor } from "../tensor/tensor.ts";
import { workBehind } from "./rewrite.ts";
import { termsOf } from "./sums.ts";

/**
 * The states that are totals of something costly, and the terms that each step adds.
 * @param used  outputs of the loop that somebody reads
 */
export function totalsOf(loop: Loop, used: ReadonlySet<number>): Map<number, Tensor[]> {
  const { step, states } = loop;
  const [, , entered] = results(
    loop,
    [...step.outputs, ...step.inputs.slice(0, states)].map((_, k) => k),
  );
  const totals = new Map<number, Tensor[]>();
  for (let k = 0; k < states; k++) {
    const terms = used.has(entered[k]) ? undefined : addedUp(loop, k);
    if (terms) totals.set(k, terms);
  }
  const carried = step.outputs.slice(0, states).filter((_, k) => !totals.has(k));
  const core = new Set(topological(carried));
  const isHeavy = (t: Tensor) => workBehind(t, core).length > 0;
  for (const [k, terms] of [...totals]) if (!terms.some(isHeavy)) totals.delete(k);
  return totals;
}

/** What state k adds up at each step, if that is all that happens to it. */
function addedUp({ step }: Loop, k: number): Tensor[] | undefined {
  const self = step.inputs[k],
    next = step.outputs[k];
  const terms = termsOf(next.node);
  if (!terms?.some((t) => same(t.tensor, self))) return undefined;
  const { out } = next.node.attrs as MapAttrs;
  if (
    terms.some((t) => t.letters !== out) ||
    terms.filter((t) => same(t.tensor, self)).length !== 1
  )
    return undefined;
  const readers = dependents(step, [self]);
  if (readers.size !== 2 || step.outputs.filter((t) => readers.has(t.node)).length !== 1)
    return undefined;
  return terms.map((t) => t.tensor).filter((t) => !same(t, self));
}

/**
 * Σ over the first axis. What is linear is done to the sum instead of to each term: numbers put in
 * place (the cotangent of a part of W), or multiplied by what every step has (the chain rule of
 * what depends on params alone). So the terms themselves are never all written down.
 */
export function sumOverTime(t: Tensor): Tensor {
  const { op, attrs, args } = t.node;
  if (op.name === "map" && attrs.reduce === "sum") return sumOfMap(attrs, args);
  if (op === reshapeOp && args[0].shape[0] === t.shape[0])
    return recordReshape(sumOverTime(args[0]), t.shape.slice(1));
  if (op === concatenateOp && attrs.axis > 0)
    return record(op, args.map(sumOverTime), { axis: attrs.axis - 1 })[0];
  if (op === padOp && !attrs.low[0] && !attrs.high[0] && !attrs.interior[0]) {
    const [low, high, interior] = [attrs.low, attrs.high, attrs.interior].map((n) => n.slice(1));
    return record(op, [sumOverTime(args[0])], { low, high, interior })[0];
  }
  const letters = lettersOfRank(t.rank);
  return recordMap(`${letters}->${letters.slice(1)}`, slot(0), [t], { name: "sum" });
}

function sumOfMap(attrs: MapAttrs, args: readonly Tensor[]): Tensor {
  const { operands, out, body, sizes, name, dtype } = attrs;
  const [time] = out;
  const moving = new Set(operands.flatMap((letters, k) => (letters.includes(time) ? [k] : [])));
  const isFirst = [...moving].every((k) => operands[k][0] === time) && !lettersOf(body).has(time);
  const { [time]: _, ...rest } = sizes;
  if (isFirst && body.kind !== "slot" && isFloat(dtype) && isLinear(body, moving)) {
    const spec = operands.map((letters, k) => (moving.has(k) ? letters.slice(1) : letters));
    const given = args.map((t, k) => (moving.has(k) ? sumOverTime(t) : t));
    return recordMap(`${spec}->${out.slice(1)}`, body, given, { sizes: rest, name, dtype });
  }
  const all = { sizes: { ...sizes }, name, dtype };
  return recordMap(`${operands}->${out.slice(1)}`, body, args, all);
}

/** Whether a body is linear in these slots together: Σ of it is it of the Σ of each. */
function isLinear(e: Expr, moving: ReadonlySet<number>): boolean {
  if (e.kind === "slot") return moving.has(e.index);
  if (e.kind !== "call") return false;
  const [a, b] = e.args;
  const isFree = (part: Expr) => [...slotsOf(part)].every((k) => !moving.has(k));
  switch (e.fn.name) {
    case "neg":
      return isLinear(a, moving);
    case "add":
    case "sub":
      return isLinear(a, moving) && isLinear(b, moving);
    case "mul":
      return isFree(a) ? isLinear(b, moving) : isFree(b) && isLinear(a, moving);
    case "div":
      return isFree(b) && isLinear(a, moving);
    default:
      return false;
  }
}

/** The same at each of so many steps, added up. */
export function scaled(t: Tensor, times: number): Tensor {
  const letters = lettersOfRank(t.rank);
  return recordMap(`${letters}->${letters}`, slot(0), [t], { sizes: { Z: times }, name: "sum" });
}

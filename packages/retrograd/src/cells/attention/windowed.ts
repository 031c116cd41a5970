/**
 * Attention of every moment to the moments before it, for a whole sequence at once: head by head
 * where all scores of a head stay in the second cache, else by blocks of moments.
 */
import { fail } from "../../errors/layers.ts";
import { sameShape, showShape, type Tensor } from "../../tensor/tensor.ts";
import { wholeNumber } from "../cell.ts";
import type { Attended } from "./attend.ts";
import { byBlocks } from "./byBlocks.ts";
import { byHeads } from "./byHeads.ts";

export interface Window {
  /** How many moments a query sees, its own included. */
  readonly context: number;
  /** Moments of a block of keys, and of one of queries; chosen by the length, unless told. */
  readonly block?: number;
}

/** The scores of 64 queries with 64 keys stay in the first cache. */
const BLOCK = 64;
/** Those of so many queries and keys of one head, and what is made of them, in the second. */
const SCORES = 2 ** 16;

/**
 * Softmax attention of each moment t to the moments t − context + 1 … t.
 *   out_t = Σ_u a_tu v_u      a_tu = e^(q_t·k_u / √d) / Σ_w e^(q_t·k_w / √d)
 * Several query heads may share one head of keys and values.
 * @param queries  [time, heads, repeats, d]
 * @returns        [time, heads, repeats, d]; zeros where a query sees nothing
 * @throws "bad-argument", "shape-mismatch"
 * Source: Rabe and Staats 2021, arXiv:2112.05682; Dao et al. 2022, arXiv:2205.14135.
 * Checked: plain loops over all pairs; memory in proportion to time.
 */
export function windowedAttention(
  queries: Tensor,
  attended: Attended,
  { context, block }: Window,
): Tensor {
  wholeNumber("windowedAttention: context", context);
  if (block !== undefined) wholeNumber("windowedAttention: block", block);
  checkShapes(queries, attended);
  const [time, , repeats, d] = queries.shape;
  const q = queries.mul(1 / Math.sqrt(d));
  const scores = time * repeats * attended.keys.shape[0];
  return block === undefined && scores <= SCORES
    ? byHeads(q, attended, context)
    : byBlocks(q, attended, context, block ?? BLOCK);
}

function checkShapes(queries: Tensor, { keys, values, known }: Attended): void {
  const [time, heads, , d] = queries.shape;
  const places = Math.max(time, keys.shape[0]);
  const wanted: Readonly<Record<string, readonly number[]>> = {
    keys: [places, heads, d],
    values: [places, heads, d],
    known: [places],
  };
  const refuse = (given: string, expected: string) =>
    fail("shape-mismatch", { op: "windowedAttention", given, expected });
  if (queries.rank !== 4)
    refuse(`queries ${showShape(queries.shape)}`, "queries [time, heads, repeats, d]");
  for (const [name, { shape }] of Object.entries({ keys, values, known }))
    if (!sameShape(shape, wanted[name]))
      refuse(
        `${name} ${showShape(shape)} for queries ${showShape(queries.shape)}`,
        showShape(wanted[name]),
      );
}

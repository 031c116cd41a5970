/**
 * Kinds of attention of a moment to a memory: the outputs of an encoder, or a past of one's own. A
 * kind says what its parameters are, what it keeps of an entry of the memory, and how a query meets
 * what is kept. What depends on an entry alone is done once, when it enters.
 */
import { fail } from "../../errors/layers.ts";
import { checkOptions } from "../../errors.ts";
import { map } from "../../ops/map.ts";
import { add, mul, slot, tanh } from "../../scalar/index.ts";
import type { Shape, Tensor } from "../../tensor/tensor.ts";
import { wholeNumber } from "../cell.ts";
import type { Initialisers } from "../init.ts";
import { attend, weightsOf } from "./attend.ts";

/** Lengths of a query and of an entry of the memory. */
export interface ReadSizes {
  readonly query: number;
  readonly memory: number;
}

export interface Reading {
  /** What was read, [width]. */
  readonly context: Tensor;
  /** How much of each place, [places], or [heads, places]; they add up to 1. */
  readonly weights: Tensor;
}

/** What is kept of entries: each tensor is [places, …], or […] of one entry. */
export type Kept = Readonly<Record<string, Tensor>>;

/** One kind of attention. */
export interface Attention<P = any> {
  readonly name: string;
  /** A tree of initialisers. @throws "bad-argument" where the sizes do not fit */
  params(sizes: ReadSizes, init: Initialisers): any;
  /** Length of what is read from entries of this length. */
  width(memory: number): number;
  /** Shapes of what is kept of one entry of this length. */
  kept(memory: number): Readonly<Record<string, Shape>>;
  /**
   * What is kept of an entry, or of several.
   * @param entry  [..., memory]
   * @returns      tensors [..., …], of the shapes that `kept` tells
   */
  enter(params: P, entry: Tensor): Kept;
  /**
   * @param query  [query]
   * @param kept   of every place, [places, …]
   * @param known  bool [places]: which places hold something; all of them where it is absent
   */
  meet(params: P, query: Tensor, kept: any, known?: Tensor): Reading;
}

const product = mul(slot(0), slot(1));
const mean = (weights: Tensor, values: Tensor): Tensor =>
  map("u,ud->d", product, [weights, values], { name: "weighted sum" });

/**
 * The product of the query with each entry, which are of one length.
 *   e_u = q·m_u / √d      c = Σ_u softmax(e)_u m_u
 * Source: Luong et al. 2015, arXiv:1508.04025, "dot"; the root: arXiv:1706.03762.
 * Checked: plain loops.
 */
export function dotAttention(): Attention<Record<never, never>> {
  return {
    name: "dot",
    params({ query, memory }) {
      if (query !== memory)
        fail("bad-argument", {
          where: "dotAttention",
          given: `a query of length ${query} and entries of length ${memory}`,
          expected: "the same length, or additiveAttention, which has weights between them",
        });
      return {};
    },
    width: (memory) => memory,
    kept: (memory) => ({ entries: [memory] }),
    enter: (_, entry) => ({ entries: entry }),
    meet(_, query, { entries }, known) {
      const scaled = query.mul(1 / Math.sqrt(query.shape[0]));
      const scores = map("d,ud->u", product, [scaled, entries], { name: "scores" });
      const weights = weightsOf(scores, known);
      return { context: mean(weights, entries), weights };
    },
  };
}

/**
 * A small network with one layer that looks at the query and an entry.
 *   e_u = v·tanh(q Wq + m_u Wm + b)      c = Σ_u softmax(e)_u m_u
 * Shapes: Wq [query, size], Wm [memory, size], b and v [size].
 * Source: Bahdanau et al. 2015, arXiv:1409.0473, section A.1.2.
 * Checked: plain loops.
 */
export function additiveAttention(options: { readonly size: number }): Attention<{
  Wq: Tensor;
  Wm: Tensor;
  b: Tensor;
  v: Tensor;
}> {
  checkOptions("additiveAttention", options, ["size"]);
  const size = wholeNumber("additiveAttention: size", options.size);
  return {
    name: `additive(${size})`,
    params: ({ query, memory }, init) => ({
      Wq: init.glorot([query, size]),
      Wm: init.glorot([memory, size]),
      b: init.zeros([size]),
      v: init.uniform([size]),
    }),
    width: (memory) => memory,
    kept: (memory) => ({ keys: [size], entries: [memory] }),
    enter: ({ Wm }, entry) => ({ keys: entry.dot(Wm), entries: entry }),
    meet({ Wq, b, v }, query, { keys, entries }, known) {
      const seen = add(slot(0), slot(1));
      const met = map("d,ud->ud", tanh(seen), [query.dot(Wq).add(b), keys], { name: "met" });
      const weights = weightsOf(met.dot(v), known);
      return { context: mean(weights, entries), weights };
    },
  };
}

/**
 * Several products of shorter queries and keys, each with values of its own.
 *   c = concat_h(Σ_u a_hu m_u Wv_h) Wo      a_h = softmax over u of (q Wq_h)·(m_u Wk_h) / √d
 * Shapes: Wq [query, size], Wk and Wv [memory, size], Wo [size, size]; weights [heads, places].
 * Source: Vaswani et al. 2017, arXiv:1706.03762, section 3.2.2.
 * Checked: plain loops.
 */
export function multiHeadAttention(options: {
  readonly size: number;
  readonly heads?: number;
}): Attention<Record<"Wq" | "Wk" | "Wv" | "Wo", Tensor>> {
  checkOptions("multiHeadAttention", options, ["size", "heads"]);
  const { heads = 4 } = options;
  const size = wholeNumber("multiHeadAttention: size", options.size);
  wholeNumber("multiHeadAttention: heads", heads);
  if (size % heads !== 0)
    fail("bad-argument", {
      where: "multiHeadAttention: heads",
      given: `${heads} heads for size ${size}`,
      expected: "a number of heads that divides the size",
    });
  const d = size / heads;
  const cut = (x: Tensor): Tensor => x.reshape([...x.shape.slice(0, -1), heads, d]);
  return {
    name: `multiHead(${size}, ${heads} heads)`,
    params: ({ query, memory }, init) => ({
      Wq: init.glorot([query, size]),
      Wk: init.glorot([memory, size]),
      Wv: init.glorot([memory, size]),
      Wo: init.glorot([size, size]),
    }),
    width: () => size,
    kept: () => ({ keys: [heads, d], values: [heads, d] }),
    enter: ({ Wk, Wv }, entry) => ({ keys: cut(entry.dot(Wk)), values: cut(entry.dot(Wv)) }),
    meet({ Wq, Wo }, query, { keys, values }, known) {
      const q = query.dot(Wq).reshape([heads, 1, d]);
      const { context, weights } = attend(q, keys, values, known);
      return { context: context.flatten().dot(Wo), weights: weights.reshape([heads, -1]) };
    },
  };
}

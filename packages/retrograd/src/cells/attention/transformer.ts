/**
 * A Transformer block as a recurrence: its state is what attention remembers, the keys and values
 * of the last moments. One moment at a time it costs as much as its memory is long; over a whole
 * sequence it takes all moments at once, in memory that grows with the length and not its square.
 */
import { fail } from "../../errors/layers.ts";
import { concatenate } from "../../ops/concatenate.ts";
import { arange } from "../../ops/creation.ts";
import { normalise } from "../../ops/normalise.ts";
import { at, part } from "../../ops/slicing.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { cell, type Sizes, wholeNumber } from "../cell.ts";
import type { Drawn, Initialisers } from "../init.ts";
import { attend } from "./attend.ts";
import { packed } from "./packed.ts";
import { asRing, inOrder, remembering } from "./ring.ts";
import { rotated } from "./rotary.ts";
import { windowedAttention } from "./windowed.ts";

interface Options {
  readonly size: number;
  /** Heads of queries; 4. They divide the size into parts of an even length. */
  readonly heads: number;
  /** Heads of keys and values, each shared by as many heads of queries; as many as heads. */
  readonly kvHeads: number | undefined;
  /** Moments that attention sees, the present one included; 256. */
  readonly context: number;
  /** How many times wider than the block the layer in its middle is; 4. */
  readonly expand: number;
}
type Parameters = Drawn<ReturnType<typeof parametersOf>>;

/**
 * A causal Transformer block: attention to the last `context` moments, then two dense layers, each
 * of them normalised before it (pre layer norm) and added to what came in.
 *   q, k, v = R_t(n Wq), R_t(n Wk), n Wv      n = norm(x_t)
 *   a_u = softmax over the last moments u of q·k_u / √d       m = x_t + (Σ_u a_u v_u) Wo
 *   y_t = m + gelu(norm(m) W1 + b1) W2 + b2
 * R_t turns pairs of coordinates by angles in proportion to t, so scores know how long ago.
 *
 * Options: size, which the input must have; heads (4); kvHeads (heads), fewer of which share keys
 * and values; context (256); expand (4), the width between the dense layers over the size.
 * Shapes: Wq [size, size], Wk and Wv [size, kvHeads · d] with d = size / heads, Wo [size, size],
 * W1 [size, expand · size], W2 [expand · size, size]; state { keys, values: [context, kvHeads, d],
 * where moment p is at p mod context, count: moments so far, int32 }; output [size].
 * Source: Vaswani et al. 2017, arXiv:1706.03762; norms: Xiong et al. 2020, arXiv:2002.04745;
 * positions: Su et al. 2021, arXiv:2104.09864; kvHeads: Ainslie et al. 2023, arXiv:2305.13245.
 * Checked: plain loops; all moments at once against one by one, in any chunks.
 */
export const transformer = cell({
  name: "transformer",
  options: {
    heads: 4 as number,
    kvHeads: undefined as number | undefined,
    context: 256 as number,
    expand: 4 as number,
  },
  params: (sizes, init) => parametersOf(checked(sizes), init),
  state(sizes) {
    const { context, groups, width } = shapesOf(sizes);
    const memory = [context, groups, width] as const;
    return { keys: memory, values: memory, count: { shape: [], dtype: "int32" } as const };
  },
  step({ keys, values, count }, x, params, options) {
    const { q, k, v } = heads(x.reshape([1, -1]), count.reshape([1]), params, options);
    const next = {
      keys: remembering(keys, at(k, 0), count),
      values: remembering(values, at(v, 0), count),
      count: count.add(1),
    };
    const known = arange(0, options.context, 1, { dtype: "int32" }).less(next.count);
    const { context } = attend(at(q, 0), next.keys, next.values, known);
    return { state: next, output: block(x, context.flatten(), params) };
  },
  parallel({ keys, values, count }, given, params, { valid, ...options }) {
    const { context } = options;
    const { xs, length, spread } = packed(given, valid);
    const [time] = xs.shape;
    const { q, k, v } = heads(
      xs,
      arange(0, time, 1, { dtype: "int32" }).add(count),
      params,
      options,
    );
    const joined = (memory: Tensor, now: Tensor) => concatenate([inOrder(memory, count), now], 0);
    const all = { keys: joined(keys, k), values: joined(values, v) };
    // Where it is known that nothing came before, nothing of it is looked at.
    const past = count.isConcrete && count.item() === 0 ? 0 : context - 1;
    const seenOf = (t: Tensor, now: Tensor) =>
      past === 0 ? now : part(t, 0, context - past, past + time);
    const age = arange(-past, time, 1, { dtype: "int32" });
    const attended = {
      keys: seenOf(all.keys, k),
      values: seenOf(all.values, v),
      known: age.add(count).greaterEqual(0).and(age.less(length)),
    };
    const seen = windowedAttention(q, attended, { context });
    const end = count.add(length);
    const last = (t: Tensor) => asRing(t, context, end, count.sub(context));
    return {
      state: { keys: last(all.keys), values: last(all.values), count: end },
      outputs: spread(block(xs, seen.reshape(xs.shape), params)),
    };
  },
  prefer: "parallel",
});

/** How many heads of keys and values, how many heads of queries each serves, how long they are. */
function shapesOf({ size, heads, kvHeads = heads, context }: Options) {
  return { context, groups: kvHeads, repeats: heads / kvHeads, width: size / heads };
}

/** @throws "bad-argument" */
function checked<O extends Sizes<Options>>(options: O): O {
  const { input, size, heads, kvHeads = heads, context, expand } = options;
  for (const [name, value] of Object.entries({ heads, kvHeads, context, expand }))
    wholeNumber(`transformer: ${name}`, value);
  const refuse = (where: string, given: string, expected: string) =>
    fail("bad-argument", { where: `transformer: ${where}`, given, expected });
  if (input !== size)
    refuse(
      "input",
      `${input} features for size ${size}`,
      `${size} features: put dense(${size}) first`,
    );
  if (size % heads !== 0)
    refuse("heads", `${heads} heads for size ${size}`, "a number of heads that divides the size");
  if ((size / heads) % 2 !== 0)
    refuse(
      "heads",
      `${heads} heads of length ${size / heads}`,
      "heads of an even length, because positions turn pairs of coordinates",
    );
  if (heads % kvHeads !== 0)
    refuse("kvHeads", `${kvHeads} for ${heads} heads`, "a number that divides the heads");
  return options;
}

function parametersOf(options: Options, init: Initialisers) {
  const { size, expand } = options;
  const { groups, width } = shapesOf(options);
  const norm = () => ({ scale: init.ones([size]), shift: init.zeros([size]) });
  return {
    before: norm(),
    Wq: init.glorot([size, size]),
    Wk: init.glorot([size, groups * width]),
    Wv: init.glorot([size, groups * width]),
    Wo: init.glorot([size, size]),
    between: norm(),
    W1: init.glorot([size, expand * size]),
    b1: init.zeros([expand * size]),
    W2: init.glorot([expand * size, size]),
    b2: init.zeros([size]),
  };
}

const normed = (x: Tensor, { scale, shift }: Parameters["before"]): Tensor =>
  normalise(x, scale, shift, 1e-5);

/** Queries [time, groups, repeats, d], keys and values [time, groups, d] of xs [time, n]. */
function heads(xs: Tensor, positions: Tensor, params: Parameters, options: Options) {
  const { groups, repeats, width } = shapesOf(options);
  const n = normed(xs, params.before);
  const cut = (W: Tensor, count: number) => n.dot(W).reshape([xs.shape[0], count, width]);
  const q = rotated(cut(params.Wq, groups * repeats), positions);
  return {
    q: q.reshape([xs.shape[0], groups, repeats, width]),
    k: rotated(cut(params.Wk, groups), positions),
    v: cut(params.Wv, groups),
  };
}

/** What comes after attention: x [..., n] and what was seen [..., n] → [..., n]. */
function block(x: Tensor, seen: Tensor, params: Parameters): Tensor {
  const m = x.add(seen.dot(params.Wo));
  const wide = normed(m, params.between).dot(params.W1).add(params.b1).gelu();
  return m.add(wide.dot(params.W2).add(params.b2));
}

/**
 * A decoder: a cell that is told what was said before, reads what an encoder made of its source,
 * and says what comes next. Everything here is about one sample, and most of it about one moment.
 */
import type { Attention, Kept } from "../../cells/attention/kinds.ts";
import { type Cell, inStepOf } from "../../cells/cell.ts";
import { init } from "../../cells/init.ts";
import { isCell } from "../../cells/isCell.ts";
import { isType, typesOfCell, withoutInitial } from "../../cells/trace.ts";
import { start } from "../../cells/unroll.ts";
import { fail } from "../../errors/layers.ts";
import { checkOptions, within } from "../../errors.ts";
import { concatenate } from "../../ops/concatenate.ts";
import { zeros } from "../../ops/creation.ts";
import { type DType, isFloat } from "../../scalar/dtype.ts";
import { sizeOf, type Tensor, type Type } from "../../tensor/tensor.ts";
import { leavesOf, mapTree } from "../../tensor/tree.ts";
import { featuresOf, type Layer, type Plan } from "../layer.ts";

/** What a decoder is made of. */
export interface DecoderOptions {
  readonly cell: Cell;
  /** What the cell hears of a symbol: embedding(symbols, size). Numbers are heard as they are. */
  readonly embedding?: Layer;
  /** What it says: dense(symbols), or as many numbers as one target has. */
  readonly head: Layer;
  /** How it reads the outputs of the encoder; it does not, unless told. */
  readonly attention?: Attention;
  /**
   * Whether its first state is made of the last state of the encoder, each part of it by a dense
   * layer with tanh; true unless told.
   */
  readonly bridge?: boolean;
}

/** A decoder for an encoder: its parameters, and the types of what it is told and says. */
export interface DecoderPlan {
  readonly params: object;
  /** { cell, seen }: the state of the cell and, where it attends, its last output. */
  readonly state: any;
  /** One symbol or one target. */
  readonly said: Type;
  readonly output: Type;
  readonly embedding: Plan | undefined;
  readonly head: Plan;
}

/** @throws "unknown-option", "bad-argument" */
export function checkDecoder(options: DecoderOptions): DecoderOptions {
  const names = ["cell", "embedding", "head", "attention", "bridge"];
  checkOptions("decoder", options, names);
  const refuse = (part: string, given: string, expected: string) =>
    fail("bad-argument", { where: `decoder: ${part}`, given, expected });
  const { cell, head, embedding } = options;
  const shown = (x: unknown) => (x as { name?: string } | undefined)?.name ?? String(x);
  if (!isCell(cell)) refuse("cell", shown(cell), "a cell, such as gru({ size: 32 })");
  if (typeof head?.plan !== "function") refuse("head", shown(head), "a layer: dense(symbols)");
  const drawing = { cell, head, ...(embedding && { embedding }) };
  for (const [part, { draws, name }] of Object.entries(drawing))
    if (draws) refuse(part, `${name}, which draws random numbers`, "one that draws none");
  return options;
}

/**
 * @param memory   length of an output of the encoder
 * @param summary  how many numbers its last state has
 */
export function planDecoder(
  { cell, embedding, head, attention, bridge = true }: DecoderOptions,
  { memory, summary }: { readonly memory: number; readonly summary: number },
  float: DType,
): DecoderPlan {
  const said: Type = embedding
    ? { shape: [], dtype: "int32" }
    : {
        shape: head.plan({ shape: [1], dtype: float, time: true }, float).output.shape,
        dtype: float,
      };
  const heard = embedding?.plan({ ...said, time: true }, float);
  const read = attention?.width(memory) ?? 0;
  const input = featuresOf("decoder", heard?.output ?? { ...said, time: true }) + read;
  const { params, state, output } = within("decoder", () =>
    typesOfCell(cell, { shape: [input], dtype: float }, float),
  );
  const features = featuresOf("decoder", { ...output, time: true });
  const types = { cell: state, ...(attention && { seen: { shape: [features], dtype: float } }) };
  const spoken = within("decoder", () =>
    head.plan({ shape: [features + read], dtype: float, time: true }, float),
  );
  const bridged = (type: Type) =>
    isFloat(type.dtype) && summary > 0
      ? { W: init.glorot([summary, sizeOf(type.shape)]), b: init.zeros([sizeOf(type.shape)]) }
      : {};
  return {
    params: {
      ...(heard && { embedding: heard.params }),
      ...(bridge && { bridge: mapTree(types, bridged, isType) }),
      ...(attention && { attention: attention.params({ query: features, memory }, init) }),
      cell: params,
      head: spoken.params,
    },
    state: types,
    said,
    output: { shape: spoken.output.shape, dtype: spoken.output.dtype },
    embedding: heard,
    head: spoken,
  };
}

/** The state before the first symbol, from the last state of the encoder. */
export function firstState(
  { cell, bridge = true }: DecoderOptions,
  plan: DecoderPlan,
  params: any,
  encoded: unknown,
): any {
  if (!bridge) return start(plan.state, { cell: cell.learned(params.cell) }, undefined);
  const floats = leavesOf<Tensor>(encoded).flatMap(([, t]) => (isFloat(t.dtype) ? [t] : []));
  const summary = floats.length > 0 ? concatenate(floats.map((t) => t.flatten())) : undefined;
  return mapTree(
    plan.state,
    ({ shape, dtype }: Type, path) => {
      const { W, b } = path.split(".").reduce((tree, key) => tree[key], params.bridge);
      return W && summary ? summary.dot(W).add(b).tanh().reshape(shape) : zeros(shape, { dtype });
    },
    isType,
  );
}

/** What a decoder says. */
export interface Said {
  readonly state: any;
  /** Scores of the next symbol, or the numbers themselves. */
  readonly output: Tensor;
  /** How much of each output of the encoder was read; only where it attends. */
  readonly weights: Tensor | undefined;
}

/** What a decoder has before it at a moment. */
export interface Hearing {
  readonly state: any;
  /** What attention keeps of the outputs of the encoder, and which of them there are. */
  readonly memory: Kept | undefined;
  readonly known: Tensor | undefined;
  /** What was said before: a symbol, or numbers. */
  readonly said: Tensor;
}

/**
 * One moment.
 *   r = attention(seen, memory)   s, o = cell(s, [embedding(said), r])   output = head([o, r])
 */
export function say(
  { cell, embedding, head, attention }: DecoderOptions,
  plan: DecoderPlan,
  params: any,
  { state, memory, known, said }: Hearing,
): Said {
  const apply = (layer: Layer, own: any, of: Plan, x: Tensor): Tensor =>
    layer.moment(own, layer.start(own, of, undefined), x).output;
  const heard = embedding ? apply(embedding, params.embedding, plan.embedding!, said) : said;
  const read = attention?.meet(params.attention, state.seen, memory, known);
  const beside = (x: Tensor): Tensor => (read ? concatenate([x, read.context]) : x);
  const { state: next, output } = inStepOf(cell.name, () =>
    cell.step(state.cell, beside(heard), withoutInitial(params.cell), {
      ...{ train: false, noise: undefined },
    }),
  );
  return {
    state: { cell: next, ...(attention && { seen: output }) },
    output: apply(head, params.head, plan.head, beside(output)),
    weights: read?.weights,
  };
}

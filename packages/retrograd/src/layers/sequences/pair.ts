/** An encoder and a decoder that fit each other, and what the one hands to the other. */
import type { Kept } from "../../cells/attention/kinds.ts";
import { isType } from "../../cells/trace.ts";
import * as random from "../../ops/random.ts";
import { type DType, isFloat } from "../../scalar/dtype.ts";
import { sizeOf, type Tensor, type Type } from "../../tensor/tensor.ts";
import { leavesOf } from "../../tensor/tree.ts";
import { batch } from "../../transform/batched.ts";
import { type Flow, featuresOf, type Layer, learningOf, needsTime, type Plan } from "../layer.ts";
import { type DecoderOptions, type DecoderPlan, firstState, planDecoder } from "./decoder.ts";
import type { TruthSchedule } from "./scheduledSampling.ts";

/** What a pair is made of. */
export interface Pair {
  readonly encoder: Layer;
  readonly decoder: DecoderOptions;
  readonly opening: number;
  readonly sampling: TruthSchedule | undefined;
}

export interface PairPlan {
  readonly params: object;
  readonly state: object;
  readonly output: Flow;
  readonly encoder: Plan;
  readonly decoder: DecoderPlan;
}

export function planPair({ encoder, decoder }: Pair, flow: Flow, float: DType): PairPlan {
  const read = encoder.plan(flow, float);
  needsTime("encoderDecoder", read.output);
  const memory = featuresOf("encoderDecoder", read.output);
  const floats = leavesOf<Type>(read.state, isType).filter(([, t]) => isFloat(t.dtype));
  const summary = floats.reduce((n, [, t]) => n + sizeOf(t.shape), 0);
  const plan = planDecoder(decoder, { memory, summary }, float);
  return {
    params: { encoder: read.params, decoder: plan.params },
    state: {},
    output: { ...plan.output, time: true },
    encoder: read,
    decoder: plan,
  };
}

/** The part of the parameters that training may move. */
export const learningOfPair = ({ encoder, decoder }: Pair, params: any): any => ({
  encoder: learningOf(encoder, params.encoder),
  decoder: {
    ...params.decoder,
    embedding: learningOf(decoder.embedding, params.decoder.embedding),
    head: learningOf(decoder.head, params.decoder.head),
  },
});

/**
 * The encoder over sources [batch, time, …]: what the decoder's attention keeps of its outputs,
 * where it attends, and the first state of the decoder.
 */
export function encode(
  { encoder, decoder }: Pair,
  plan: PairPlan,
  params: any,
  x: Tensor,
  context: { readonly mask?: Tensor; readonly train: boolean; readonly key?: Tensor },
): { memory: Kept | undefined; state: any } {
  const { mask, key, train } = context;
  const begin = encoder.start(params.encoder, plan.encoder, x.shape[0]);
  const own = { state: begin, mask, train, key: key && random.fold(key, 0) };
  const read = encoder.whole(params.encoder, x, own);
  const first = batch(
    ({ last, output }: { last: unknown; output: Tensor }, p: any) => ({
      memory: decoder.attention?.enter(p.attention, output),
      state: firstState(decoder, plan.decoder, p, last),
    }),
    { axes: [0, null] },
  );
  return first({ last: read.state, output: read.output }, params.decoder);
}

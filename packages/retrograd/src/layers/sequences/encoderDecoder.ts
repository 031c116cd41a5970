/**
 * From one sequence to another: an encoder reads the source, a decoder says the target. While it
 * learns it is told what it should have said before (teacher forcing) or, now and then, what it
 * did say (scheduled sampling); afterwards it goes on from what it says itself.
 */
import type { Kept } from "../../cells/attention/kinds.ts";
import { drawTree } from "../../cells/init.ts";
import { fail } from "../../errors/layers.ts";
import { checkOptions } from "../../errors.ts";
import { jit } from "../../jit/jit.ts";
import { scan } from "../../loops/scanTree.ts";
import { concatenate } from "../../ops/concatenate.ts";
import { arange, full } from "../../ops/creation.ts";
import { swapAxes } from "../../ops/shape.ts";
import { at, part } from "../../ops/slicing.ts";
import { sameShape, showShape, Tensor, type Type } from "../../tensor/tensor.ts";
import { batch } from "../../transform/batched.ts";
import { flowOf, type Layer } from "../layer.ts";
import {
  type ApplyOptions,
  checkParams,
  floatOf,
  type InitOptions,
  inputOf,
  maskOf,
} from "../model.ts";
import { checkSkip } from "../skip.ts";
import { checkDecoder, type DecoderOptions, say } from "./decoder.ts";
import { encode, learningOfPair, type Pair, planPair } from "./pair.ts";
import { type TruthSchedule, teacherOf } from "./scheduledSampling.ts";
import { type Telling, type TellingOptions, telling } from "./telling.ts";

export interface EncoderDecoderOptions {
  /** The symbol that is said to have come before the first one; 0 unless told. */
  readonly opening?: number;
  /** How often the decoder is told the truth while it learns; always, unless told. */
  readonly sampling?: TruthSchedule;
}

/** What a pass over whole sequences is told besides. */
export interface PairOptions extends Omit<ApplyOptions, "state"> {
  /** What is to be said: int32 [batch, time], or [batch, time, n] where numbers are said. */
  readonly targets?: Tensor;
  /** Updates made so far, int32, by which the truth is told. */
  readonly step?: Tensor;
}

/** A model of pairs of sequences. `lengths` and `mask` are those of the source. */
export interface EncoderDecoder<P = any> {
  readonly kind: "encoderDecoder";
  readonly name: string;
  readonly encoder: Layer;
  readonly decoder: DecoderOptions;
  /** It is told the targets while it learns, and its output goes over their time. */
  readonly forced: true;
  readonly draws: boolean;
  /** The part of the parameters that training may move, where layers of it are frozen. */
  learning?(params: P): any;
  /** The symbol before the first one. */
  readonly opening: number;
  /** First parameters. */
  init(key: Tensor, options?: InitOptions): P;
  /** Scores of every target given those before it, [batch, target time, symbols]. */
  apply(params: P, x: Tensor, options: PairOptions): Tensor;
  /** The same, with the state of the decoder at the end. */
  run(params: P, x: Tensor, options: PairOptions): { output: Tensor; state: any };
  /** Refused: what a decoder begins from depends on its source. */
  state(params: P, batch: number): never;
  /** Symbol by symbol, for one source. */
  stream(params: P, options?: TellingOptions): Telling;
}

/**
 * An encoder and a decoder as one model.
 *   m, e = encoder(x)      s_0 = tanh(e W + b)      s_t, z_t = decoder(s_{t−1}, y_{t−1}, m)
 * where z_t are the scores of y_t and y_0 is the symbol `opening`. Data for training has sources as
 * inputs, and as targets what is to be said, of any other length; `lengths` are those of the
 * sources, and targets that do not count are masked or ignored by the loss.
 *
 * @param encoder  a layer that gives [batch, time, n]
 * @param decoder  its cell, what it hears and says, and how it attends
 * @throws "bad-argument", "unknown-option"
 * Source: Sutskever et al. 2014, arXiv:1409.3215; the bridge: Cho et al. 2014, arXiv:1406.1078;
 * attention: Bahdanau et al. 2015, arXiv:1409.0473; sampling: Bengio et al. 2015,
 * arXiv:1506.03099.
 * Checked: plain loops; a stream gives what the whole gives; a task that it learns.
 */
export function encoderDecoder(
  encoder: Layer,
  decoder: DecoderOptions,
  options: EncoderDecoderOptions = {},
): EncoderDecoder {
  checkOptions("encoderDecoder", options, ["opening", "sampling"]);
  if (typeof encoder?.plan !== "function")
    fail("bad-argument", {
      where: "encoderDecoder: encoder",
      given: typeof encoder,
      expected: "a layer, such as sequential(embedding(9, 8), unroll(gru({ size: 16 })))",
    });
  checkDecoder(decoder);
  const { opening = 0, sampling } = options;
  const pair: Pair = { encoder, decoder, opening, sampling };
  const name = `encoderDecoder(${encoder.name}, ${decoder.cell.name})`;
  const compiled = (train: boolean) =>
    jit((params: any, x: Tensor, given: Given) => whole(pair, params, x, given, train));
  const [applied, trained] = [compiled(false), compiled(true)];
  const model: EncoderDecoder = {
    kind: "encoderDecoder",
    ...{ name, encoder, decoder, opening },
    forced: true,
    draws: encoder.draws || sampling !== undefined,
    ...([encoder, decoder.head, decoder.embedding].some((layer) => layer?.learning) && {
      learning: (params) => learningOfPair(pair, params),
    }),
    init(key, given = {}) {
      const float = given.dtype ?? "float32";
      const flow = inputOf(encoder, undefined, given) ?? fail("input-unknown", { what: name });
      return drawTree<any>(planPair(pair, flow, float).params, key, float);
    },
    apply: (params, x, given) => model.run(params, x, given).output,
    run(params, x, { targets, key, step, train = key !== undefined, ...given }) {
      const plan = planPair(pair, flowOf(x), floatOf(params, x));
      checkParams(plan, params);
      if (x.isConcrete) encoder.check?.(x);
      const [rows, time] = x.shape;
      if (train) checkSkip(encoder, time);
      const mask = maskOf(given, rows, time);
      checkTargets(name, plan.decoder.said, targets, rows);
      return (train ? trained : applied)(params, x, { targets, mask, key, step });
    },
    state: () =>
      fail("bad-argument", {
        where: name,
        given: "a method that goes through sequences in parts",
        expected: "one that takes them whole: bptt()",
      }),
    stream: (params, given) => telling(pair, params, given),
  };
  return model;
}

interface Given {
  readonly targets: Tensor;
  readonly mask?: Tensor;
  readonly key?: Tensor;
  readonly step?: Tensor;
}

/** Over whole pairs: x [batch, time, …], targets [batch, time', …]. */
function whole(pair: Pair, params: any, x: Tensor, given: Given, train: boolean) {
  const { targets, mask, key, step } = given;
  const plan = planPair(pair, flowOf(x), floatOf(params, x));
  const { memory, state } = encode(pair, plan, params, x, { mask, train, key });
  const moment = batch(
    (p: any, so: any, kept: Kept | undefined, known: Tensor | undefined, said: Tensor) => {
      const hearing = { state: so, memory: kept, known, said };
      const { output, state: next } = say(pair.decoder, plan.decoder, p, hearing);
      return { output, state: next };
    },
    { axes: [null, 0, 0, 0, 0] },
  );
  const truth = swapAxes(before(targets, pair.opening), 0, 1);
  const teacher = train && pair.sampling ? teacherOf(pair.sampling, key, step) : undefined;
  const first = { decoder: state, own: teacher && at(truth, 0) };
  const moments = { truth, time: arange(0, truth.shape[0], 1, { dtype: "int32" }) };
  const shared = { params: params.decoder, memory, mask };
  const ran = scan(
    (so: typeof first, now: typeof moments, p: typeof shared) => {
      const said = teacher ? teacher.tell(now.truth, so.own!, now.time) : now.truth;
      const next = moment(p.params, so.decoder, p.memory, p.mask, said);
      const own = teacher?.hear(next.output, now.truth.dtype, now.time);
      return { state: { decoder: next.state, own }, output: next.output };
    },
    first,
    moments,
    shared,
  );
  return { output: swapAxes(ran.outputs, 0, 1), state: ran.state.decoder };
}

/** What comes before each target: the opening, and then the targets but the last one. */
function before(targets: Tensor, opening: number): Tensor {
  const [rows, time, ...rest] = targets.shape;
  const first = full([rows, 1, ...rest], opening, { dtype: targets.dtype });
  return concatenate([first, part(targets, 1, 0, time - 1)], 1);
}

/** @throws "bad-argument" */
function checkTargets(
  where: string,
  said: Type,
  targets: Tensor | undefined,
  rows: number,
): asserts targets is Tensor {
  const expected = `targets ${said.dtype} [${[rows, "time", ...said.shape].join(", ")}]`;
  if (!(targets instanceof Tensor))
    fail("bad-argument", {
      where,
      given: "no targets",
      expected: `${expected}, or generate(…) for what it says by itself`,
    });
  const [given, time, ...rest] = targets.shape;
  const fits = targets.dtype === said.dtype && given === rows && time > 0;
  if (!fits || !sameShape(rest, said.shape))
    fail("bad-argument", {
      where,
      given: `targets ${targets.dtype} ${showShape(targets.shape)}`,
      expected,
    });
}

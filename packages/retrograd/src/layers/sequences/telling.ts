/**
 * An encoder–decoder that speaks: a source is read once, and then symbols go in one by one and the
 * scores of the next ones come out, the state of the decoder and what was read kept inside.
 */
import type { Kept } from "../../cells/attention/kinds.ts";
import { checkState } from "../../cells/unroll.ts";
import { fail } from "../../errors/layers.ts";
import { type JitOptions, jit, type Resident, resident } from "../../jit/jit.ts";
import { at, expandDims } from "../../ops/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { mapTree } from "../../tensor/tree.ts";
import { flowOf } from "../layer.ts";
import { checkParams, floatOf } from "../model.ts";
import { type Live, type Value, valueOf } from "../stream.ts";
import { say } from "./decoder.ts";
import { encode, type Pair, type PairPlan, planPair } from "./pair.ts";

export interface TellingOptions extends JitOptions {
  /** The source to be read first, [time, …] of one sample. */
  readonly source?: Tensor;
}

/** One sample of an encoder–decoder, symbol by symbol. */
export interface Telling extends Live {
  /** Read another source, [time, …]; the decoder is before its first symbol then. */
  read(source: Tensor): void;
  /**
   * How much of each output of the encoder was read for the last scores, [time] or [heads, time].
   * @throws "bad-argument" where the decoder does not attend, or nothing was said yet
   */
  readonly weights: Tensor;
}

interface Carry {
  readonly params: any;
  readonly memory: Kept | undefined;
  readonly state: any;
}
interface Scores {
  readonly output: Tensor;
  readonly weights: Tensor | undefined;
}

/** The program for sources of one length. */
interface Program {
  readonly run: Resident<Carry, Scores>;
  readonly plan: PairPlan;
}

/** @throws "params-mismatch", "bad-argument" */
export function telling(
  pair: Pair,
  params: any,
  { source, ...options }: TellingOptions = {},
): Telling {
  const read = jit((p: any, x: Tensor) => {
    const plan = planPair(pair, flowOf(x), floatOf(p, x));
    const { memory, state } = encode(pair, plan, p, x, { train: false });
    return mapTree({ memory, state }, (t: Tensor) => at(t, 0));
  }, options);
  const programs = new Map<string, Program>();
  let now: (Program & { readonly first: Carry }) | undefined;
  let weights: Tensor | undefined;
  const open = () =>
    now ??
    fail("bad-argument", {
      where: "live.push",
      given: "no source",
      expected: "a source: generate(model, params, { source, … }), or live.read(source)",
    });
  const live: Telling = {
    read(x) {
      const wide = expandDims(x, 0);
      const plan = planPair(pair, flowOf(wide), floatOf(params, x));
      checkParams(plan, params);
      pair.encoder.check?.(wide);
      const first: Carry = { params, ...read(params, wide) };
      const types = `${x.dtype} ${x.shape}`;
      const program = programs.get(types) ?? { run: programOf(pair, plan, first, options), plan };
      programs.set(types, program);
      now = { ...program, first };
      weights = undefined;
      program.run.write(first);
    },
    push(said: Value) {
      const { run, plan } = open();
      const scores = run.call(valueOf(said, plan.decoder.said));
      weights = scores.weights;
      return scores.output;
    },
    reset(state) {
      const { run, first, plan } = open();
      if (state !== undefined) checkState("live.reset", plan.decoder.state, state);
      run.write(state === undefined ? first : { ...first, state });
    },
    get state() {
      return open().run.read().state;
    },
    get weights() {
      return (
        weights ??
        fail("bad-argument", {
          where: "live.weights",
          given: pair.decoder.attention ? "no symbol yet" : "a decoder without attention",
          expected: "a decoder with attention, after live.push(symbol)",
        })
      );
    },
    explain: () => now?.run.explain() ?? "not compiled yet: read a source first",
    get peakBytes() {
      return now?.run.peakBytes ?? 0;
    },
  };
  if (source) live.read(source);
  return live;
}

function programOf(
  pair: Pair,
  plan: PairPlan,
  first: Carry,
  options: JitOptions,
): Resident<Carry, Scores> {
  return resident<Carry, Scores>(
    (carry: Carry, said: Tensor) => {
      const { memory, state } = carry;
      const hearing = { state, memory, known: undefined, said };
      const { output, weights, ...next } = say(
        pair.decoder,
        plan.decoder,
        carry.params.decoder,
        hearing,
      );
      return [
        { ...carry, state: next.state },
        { output, weights },
      ];
    },
    first,
    options,
  );
}

/**
 * The linear recurrence h' = a ∘ h + b, where a and b come from the input alone. It is declared
 * once, for one moment; from that follow the step, and the form over all moments at once: such
 * steps compose to steps of the same kind, so all states are running totals of an associative
 * operation.
 */
import { associativeScan } from "../../loops/associativeScan.ts";
import { held } from "../../loops/mask.ts";
import { where } from "../../ops/elementwise.ts";
import type { Shape, Tensor } from "../../tensor/tensor.ts";
import { batch } from "../../transform/batched.ts";
import { type CellFactory, cell, type Moment, type Sizes, type Traced } from "../cell.ts";
import type { Drawn, Initialisers } from "../init.ts";
import { type Complex, plus, type Quantity, times } from "./complex.ts";

/** The shape of h; of both parts, where it is complex. */
export type StateShape = Shape | { readonly re: Shape; readonly im: Shape };
type StateOf<H> = H extends { readonly re: Shape } ? Complex : Tensor;

/** One step, as the map h ↦ a ∘ h + b. */
export interface Affine<Q extends Quantity> {
  readonly a: Q;
  readonly b: Q;
}

export interface LinearDefinition<O extends object, P, H extends StateShape> {
  readonly name: string;
  /** Further options with their defaults. */
  readonly options?: O;
  params(sizes: Sizes<O & { size: number }>, init: Initialisers): P;
  /** The shape of h. */
  state(sizes: Sizes<O & { size: number }>): H;
  /** What the input of one moment does to h; a and b have the shape of h. */
  coefficients(
    x: Tensor,
    params: Drawn<P>,
    moment: Moment<O & { size: number }>,
  ): Affine<StateOf<H>>;
  /** The output, from h after the step. */
  read(h: StateOf<H>, x: Tensor, params: Drawn<P>, moment: Moment<O & { size: number }>): Tensor;
}

/** First `p`, then `q`: q.a ∘ (p.a ∘ h + p.b) + q.b. */
const compose = <Q extends Quantity>(p: Affine<Q>, q: Affine<Q>): Affine<Q> => ({
  a: times(q.a, p.a),
  b: plus(times(q.a, p.b), q.b),
});

/** The step that keeps h, where the moment is not valid: a = 1, b = 0. */
function orHold<Q extends Quantity>(valid: Tensor, { a, b }: Affine<Q>): Affine<Q>;
function orHold(valid: Tensor, { a, b }: Affine<any>): Affine<any> {
  const choose = (t: Tensor, otherwise: number) => where(valid, t, otherwise);
  if ("re" in a)
    return {
      a: { re: choose(a.re, 1), im: choose(a.im, 0) },
      b: { re: choose(b.re, 0), im: choose(b.im, 0) },
    };
  return { a: choose(a, 1), b: choose(b, 0) };
}

/**
 * Declare a cell whose state is { h } with h' = a ∘ h + b: real, or complex as a pair.
 *   (aₜ, bₜ) = coefficients(xₜ)    hₜ = aₜ ∘ hₜ₋₁ + bₜ    yₜ = read(hₜ, xₜ)
 *   hₜ = Aₜ ∘ h₀ + Bₜ, where (Aₜ, Bₜ) is the composition of the steps 1 … t
 * @returns  a function of options, as `cell` does; whole sequences go step by step unless `unroll`
 *   is told otherwise
 * Source: Martin and Cundy 2018, arXiv:1709.04057; Blelloch 1990, CMU-CS-90-190, section 1.4.
 * Checked: both forms agree in float64, real and complex, also where moments are not valid.
 */
export function linearCell<P, const H extends StateShape, O extends object = Record<never, never>>(
  definition: LinearDefinition<O, P, H>,
): CellFactory<O, Drawn<P>, Traced<{ readonly h: H }>> {
  const { name, options, params, state, coefficients, read } = definition;
  return cell({
    name,
    options,
    params,
    state: (sizes) => ({ h: state(sizes) }),
    step(before, x, weights, moment) {
      const { h } = before as { h: StateOf<H> };
      const { a, b } = coefficients(x, weights, moment);
      const next = plus(times(a, h), b);
      return { state: { h: next } as typeof before, output: read(next, x, weights, moment) };
    },
    parallel(before, xs, weights, moments) {
      const { h } = before as { h: StateOf<H> };
      const { valid } = moments;
      const steps = valid
        ? batch((x: Tensor, is: Tensor) => orHold(is, coefficients(x, weights, moments)))(xs, valid)
        : batch((x: Tensor) => coefficients(x, weights, moments))(xs);
      const totals = associativeScan(compose<StateOf<H>>, steps);
      const states = plus(times(totals.a, h), totals.b);
      const outputs = batch((now: StateOf<H>, x: Tensor) => read(now, x, weights, moments))(
        states,
        xs,
      );
      return {
        state: { h: lastOf(states) } as typeof before,
        outputs: valid ? held(valid, outputs) : outputs,
      };
    },
  });
}

const lastOf = (states: Quantity): Quantity =>
  "re" in states ? { re: states.re.at(-1), im: states.im.at(-1) } : states.at(-1);

/**
 * scan, as users write it: a step from trees to trees, run through time.
 *
 *   step: (state, input, params) → { state, output }
 *
 * State, input and params are named groups, so a message can say `state "h"`. What the step
 * captures from around it becomes a further param; what params alone decide is computed once.
 * Sequences of different lengths are masks: past its end the state of a sequence is held and its
 * outputs are zero.
 */
import { checkOptions, fail, within } from "../errors.ts";
import { close } from "../tensor/graph.ts";
import { apply, placeholder, showType, Tensor, type Type } from "../tensor/tensor.ts";
import { flattenLike, groupOf, isTensor, leavesOf, type Place, rebuild } from "../tensor/tree.ts";
import { tensorsOf } from "../transform/function.ts";
import { withoutInvariants } from "./invariant.ts";
import { checkValidity, follows, held, maskOf } from "./mask.ts";
import { type Loop, results, scanOp } from "./scan.ts";

/** What a step returns: the next state, and what it shows of this moment. */
export type Stepped<S, Y> =
  | { readonly state: S; readonly output?: Y }
  | readonly [state: S, output?: Y];
export type Step<S, X, P, Y> = (state: S, input: X, params: P) => Stepped<S, Y>;

export interface ScanOptions {
  /** From the last time step to the first; outputs stay in the order of the inputs. */
  reverse?: boolean;
  /** How many steps; needed only where no input says it. */
  length?: number;
  /** Valid steps of each sequence, int32 [batch], for states [batch, …]; padding is at the end. */
  lengths?: Tensor;
  /** Which steps are valid, bool [time, …]: `…` are the leading axes of every state and output. */
  mask?: Tensor;
}

/**
 * Run a step through time.
 *
 * @param step    (state, input, params) → { state, output }, or [state, output]: one moment
 * @param state   tree of tensors: the state before the first step
 * @param inputs  tree of tensors [time, …], of which the step sees one moment; or undefined
 * @param params  tree of tensors that every step sees alike
 * @returns       state: after the last step; outputs: those of every step, stacked [time, …]
 * @throws "state-shape", "scan-length", "shape-mismatch", "tree-mismatch", "bad-argument"
 * Checked: equals its unrolled graph; three derivatives agree, at first and second order.
 */
export function scan<S, X = undefined, P = undefined, Y = undefined>(
  step: Step<S, X, P, Y>,
  state: S,
  inputs?: X,
  params?: P,
  options: ScanOptions = {},
): { state: S; outputs: Y } {
  checkOptions("scan", options, ["reverse", "length", "lengths", "mask"]);
  checkValidity(options);
  const groups = {
    state: named(state, "state", groupOf("state", "scan")),
    input: named(inputs, "input", groupOf("inputs", "scan")),
    param: named(params, "params", groupOf("params", "scan")),
  };
  const length = lengthOf(groups.input, options);
  const mask = maskOf(options, length);
  const s = groups.state.map(([name, t]) => placeholder(t, name));
  const x = groups.input.map(([name, t]) => placeholder(moment(t), name));
  const p = groups.param.map(([name, t]) => placeholder(t, name));
  const valid = mask && placeholder(moment(mask), "mask");

  const seen = valid ? x.map((t) => (follows(t, valid) ? held(valid, t) : t)) : x;

  const { next, output } = partsOf(
    within("the step of scan", () =>
      step(rebuild(state, s), rebuild(inputs, seen) as X, rebuild(params, p) as P),
    ),
  );
  const leaving = flattenLike(state, next, "the next state of scan");
  leaving.forEach((t, k) => checkState("scan", groups.state[k], t));
  const showing = output === undefined || output === null ? [] : tensorsOf(output);
  const outputs = valid
    ? [...leaving.map((t, k) => held(valid, t, s[k])), ...showing.map((t) => held(valid, t))]
    : [...leaving, ...showing];

  const own = { inputs: [...s, ...x, ...(valid ? [valid] : []), ...p], outputs };
  const { graph, captured } = close(own);
  const [S, X, P] = [groups.state, groups.input, groups.param].map((g) => g.map(([, t]) => t));
  const series = mask ? [...X, mask] : X;
  const reverse = options.reverse ?? false;
  const changing = S.length + series.length;
  const { step: lean, params: shared } = withoutInvariants(graph, changing, [...P, ...captured]);
  const loop: Loop = { step: lean, states: S.length, inputs: series.length, length, reverse };
  const found = results(loop, apply(scanOp, [...S, ...series, ...shared], loop));
  return { state: rebuild(state, found[0]) as S, outputs: rebuild(output, found[1]) as Y };
}

type Named = [name: string, tensor: Tensor];
/** Leaves with the names that messages use: their path, or the name of the group. */
export const named = (tree: unknown, group: string, place: Place): Named[] =>
  leavesOf<Tensor>(tree, isTensor, "", place).map(([path, t]) => [path || group, t]);

const moment = (t: Tensor): Type => ({ shape: t.shape.slice(1), dtype: t.dtype });

const label = (name: string, t: Tensor) =>
  name === "input" ? `the input ${showType(t)}` : `input "${name}" ${showType(t)}`;

/** The number of steps, on which all inputs must agree. @throws "scan-length", "bad-argument" */
export function lengthOf(
  inputs: readonly Named[],
  { length, mask }: Pick<ScanOptions, "length" | "mask">,
  op = "scan",
): number {
  const series: Named[] = mask ? [...inputs, ["mask", mask]] : [...inputs];
  for (const [name, t] of series)
    if (t.rank === 0)
      fail("rank-mismatch", {
        op,
        operand: label(name, t),
        expected: "a leading axis of time",
      });
  const sizes: [string, number][] = series.map(([name, t]) => [label(name, t), t.shape[0]]);
  if (length !== undefined) sizes.unshift(["the option length", length]);
  if (sizes.length === 0)
    fail("bad-argument", {
      where: op,
      given: op === "scan" ? "neither an input nor a length" : "no input",
      expected: op === "scan" ? "a number of steps: scan(…, { length })" : "inputs [time, …]",
    });
  const [[first, steps]] = sizes;
  if (!Number.isInteger(steps) || steps < 0)
    fail("bad-argument", { where: "scan", given: first, expected: "a length of 0 or more steps" });
  for (const [other, n] of sizes)
    if (n !== steps) fail("scan-length", { a: first, b: other, stepsA: steps, stepsB: n });
  return steps;
}

/** The two parts of what a step returned. */
export function partsOf<S, Y>(stepped: Stepped<S, Y>): { next: S; output: Y | undefined } {
  if (Array.isArray(stepped) && (stepped.length === 1 || stepped.length === 2))
    return { next: stepped[0], output: stepped[1] };
  if (stepped !== null && typeof stepped === "object" && "state" in stepped)
    return { next: stepped.state, output: stepped.output };
  const given: unknown = stepped;
  return fail("bad-argument", {
    where: "the step of scan",
    given:
      given instanceof Tensor
        ? given.describe()
        : given !== null && typeof given === "object"
          ? `{ ${Object.keys(given).join(", ")} }`
          : String(given),
    expected: "{ state, output }, or [state, output]",
  });
}

/** @throws "state-shape" where a state leaves the step with another shape or dtype */
export function checkState(
  op: string,
  [name, enters]: readonly [string, Type],
  leaves: Type,
): void {
  if (showType(enters) !== showType(leaves))
    fail("state-shape", { op, name, enters: showType(enters), leaves: showType(leaves) });
}

/**
 * S5: a state space in continuous time, made discrete by a step that is learned.
 */
import { fail } from "../../errors/layers.ts";
import { oneOf } from "../../errors.ts";
import { uniforms } from "../draw.ts";
import { Initial } from "../init.ts";
import { type Between, checkBetween } from "./between.ts";
import { type Complex, divide, exp, expm1, scale, times } from "./complex.ts";
import { hippoInput, hippoOutput, hippoRates } from "./hippo.ts";
import { firstSkip, project, skip } from "./projections.ts";
import { linearCell } from "./recurrence.ts";

/**
 * S5, a state space layer with many inputs, many outputs, and a diagonal state:
 *   ds/dt = λ ∘ s + x B,  y = 2 Re(s C) + x D,  over steps of length Δ, for each state its own
 *   zoh        s' = e^{λΔ} ∘ s + (e^{λΔ} − 1)/λ ∘ (x B)
 *   bilinear   s' = (1 + λΔ/2)/(1 − λΔ/2) ∘ s + Δ/(1 − λΔ/2) ∘ (x B)
 * Each complex number stands for itself and its conjugate, hence the 2. λ begins at the eigenvalues
 * of HiPPO-N, B and C as normal matrices in the basis of its eigenvectors. Re λ < 0 throughout.
 *
 * Options: size, of the output; states, real ones, of which half are kept (size, or one more where
 * that is odd); blocks, how many HiPPO matrices share the states (1); discretisation "zoh" (default)
 * or "bilinear"; step [0.001, 0.1], where Δ begins (evenly in its logarithm), in moments.
 * Shapes: rates [2, states/2] (log(−Re λ), Im λ), step [states/2] (log Δ), B [input, 2, states/2],
 * C [2, states/2, size], D [size] where the input has that size, else [input, size]; state
 * { h: { re, im } }, [states/2] each; output [size].
 * Source: Smith et al. 2023, arXiv:2208.04933, eq. 1–6 and section 3.
 * Checked: a loop over complex numbers in float64; with all states and no diagonalisation, the
 * dense recurrence of HiPPO-N gives the same outputs.
 */
export const s5 = linearCell({
  name: "s5",
  options: {
    states: undefined as number | undefined,
    blocks: 1 as number,
    discretisation: "zoh" as "zoh" | "bilinear",
    step: [0.001, 0.1] as Between,
  },
  params: ({ input, size, states, blocks, step, discretisation }, init) => {
    oneOf("s5: discretisation", discretisation, ["zoh", "bilinear"]);
    const order = orderOf(statesOf(size, states), blocks);
    return {
      rates: hippoRates(order, blocks),
      step: firstStep((order * blocks) / 2, step),
      B: hippoInput(input, order, blocks),
      C: hippoOutput(size, order, blocks),
      D: firstSkip(input, size, init),
    };
  },
  state({ size, states }) {
    const half = statesOf(size, states) / 2;
    return { re: [half], im: [half] };
  },
  coefficients(x, { rates, step, B }, { discretisation }) {
    const rate: Complex = { re: rates.at(0).exp().neg(), im: rates.at(1) };
    const into = x.dot(B);
    const { keep, take } = discrete(rate, step.exp(), discretisation);
    return { a: keep, b: times(take, { re: into.at(0), im: into.at(1) }) };
  },
  read: (h, x, { C, D }) => project(h, C).mul(2).add(skip(x, D)),
});

/** What a step of length Δ keeps of the state, and how much of the input it takes in. */
function discrete(rate: Complex, delta: Complex["re"], by: "zoh" | "bilinear") {
  const moved = scale(rate, delta);
  if (by === "zoh") return { keep: exp(moved), take: divide(expm1(moved), rate) };
  const half = scale(moved, 0.5);
  const below: Complex = { re: half.re.neg().add(1), im: half.im.neg() };
  const above: Complex = { re: half.re.add(1), im: half.im };
  return {
    keep: divide(above, below),
    take: divide({ re: delta, im: delta.mul(0) }, below),
  };
}

const statesOf = (size: number, states = size + (size % 2)): number => states;

/** The order of each HiPPO matrix. @throws "bad-argument" where the states cannot be shared out */
function orderOf(states: number, blocks: number): number {
  const isWhole = Number.isInteger(blocks) && blocks >= 1;
  if (!(isWhole && Number.isInteger(states) && states >= 2 && states % (2 * blocks) === 0))
    fail("bad-argument", {
      where: "s5: states",
      given: `${states} in ${blocks} blocks`,
      expected: "an even number of states for each block",
    });
  return states / blocks;
}

const firstStep = (width: number, step: Between): Initial => {
  const [least, greatest] = checkBetween(
    "s5: step",
    step,
    (shortest, longest) => shortest > 0 && shortest <= longest,
    "two lengths of time, [least, greatest] with 0 < least ≤ greatest",
  );
  return new Initial([width], "log step", (key) =>
    uniforms(key, width, Math.log(least), Math.log(greatest)),
  );
};

/**
 * Linear recurrent unit: complex numbers that turn and fade, each at its own speed.
 */
import { wholeNumber } from "../cell.ts";
import { uniforms } from "../draw.ts";
import { Initial } from "../init.ts";
import { type Between, checkBetween } from "./between.ts";
import { exp, scale } from "./complex.ts";
import { firstSkip, project, skip } from "./projections.ts";
import { linearCell } from "./recurrence.ts";

/**
 * Linear recurrent unit: a diagonal complex recurrence that begins on a ring of the unit disk.
 *   λ = exp(−e^ν + i e^θ)      |λ| < 1 whatever ν
 *   h' = λ ∘ h + γ ∘ (x B)     γ begins as √(1 − |λ|²): h keeps the size of x
 *   y = Re(h' C) + x D
 * It has no nonlinearity of its own: `block` puts it between a norm and a gated MLP.
 *
 * Options: size, of the output; states, how many complex numbers h has (size); ring [0, 1], where
 * |λ| begins (evenly over the ring's area): near 1 for long memories; phase [0, 2π], where its
 * angle begins: small for slow signals.
 * Shapes: ring [3, states] (ν, θ, log γ), B [input, 2, states], C [2, states, size] (both real and
 * imaginary), D [size] where the input has that size, else [input, size]; state { h: { re, im } },
 * [states] each; output [size].
 * Source: Orvieto et al. 2023, arXiv:2303.06349, section 3 and appendix A.
 * Checked: a loop over complex numbers in float64; the radii and phases that it begins with.
 */
export const lru = linearCell({
  name: "lru",
  options: {
    states: undefined as number | undefined,
    ring: [0, 1] as Between,
    phase: [0, 2 * Math.PI] as Between,
  },
  params: ({ input, size, states = size, ring, phase }, init) => ({
    ring: ringOf(wholeNumber("lru: states", states), ring, phase),
    B: init.normal([input, 2, states], Math.sqrt(0.5 / input)),
    C: init.normal([2, states, size], Math.sqrt(1 / states)),
    D: firstSkip(input, size, init),
  }),
  state: ({ size, states = size }) => ({ re: [states], im: [states] }),
  coefficients(x, { ring, B }) {
    const a = exp({ re: ring.at(0).exp().neg(), im: ring.at(1).exp() });
    const into = x.dot(B);
    return { a, b: scale({ re: into.at(0), im: into.at(1) }, ring.at(2).exp()) };
  },
  read: (h, x, { C, D }) => project(h, C).add(skip(x, D)),
});

/** Keeps a draw off both ends, where ν or θ would be infinite. */
const EDGE = 2 ** -24;

/**
 * Rows ν, θ and log γ of λ = r e^{iφ}, with r² and φ uniform within their ranges.
 * Source: arXiv:2303.06349, lemma 3.2.
 */
function ringOf(states: number, ring: Between, phase: Between): Initial {
  const [inner, outer] = checkBetween(
    "lru: ring",
    ring,
    (least, greatest) => least >= 0 && least < greatest && greatest <= 1,
    "two radii, [inner, outer] with 0 ≤ inner < outer ≤ 1",
  );
  const [from, to] = checkBetween(
    "lru: phase",
    phase,
    (least, greatest) => least >= 0 && least < greatest,
    "two angles in radians, [least, greatest] with 0 ≤ least < greatest",
  );
  return new Initial([3, states], "ring", (key) => {
    const draws = uniforms(key, 2 * states, EDGE, 1 - EDGE);
    const square = (k: number) => inner ** 2 + draws[k] * (outer ** 2 - inner ** 2);
    const angle = (k: number) => from + draws[states + k] * (to - from);
    return Float64Array.from({ length: 3 * states }, (_, at) => {
      const k = at % states;
      if (at < states) return Math.log(-0.5 * Math.log(square(k)));
      return at < 2 * states ? Math.log(angle(k)) : 0.5 * Math.log1p(-square(k));
    });
  });
}

/**
 * Real-gated linear recurrent unit: a decay of its own for each unit, which the input may slow
 * down.
 */
import { uniforms } from "../draw.ts";
import { gatesOf } from "../gates.ts";
import { Initial } from "../init.ts";
import { linearCell } from "./recurrence.ts";

/** How far a recurrence gate may bend the decay, the paper's c. */
const SHARPNESS = 8;
/** Where a^c begins. */
const [LEAST, GREATEST] = [0.9, 0.999];

const TINY = 1e-30;

/**
 * Real-gated linear recurrent unit, the recurrence of Griffin and Hawk.
 *   u = x W
 *   r = σ(u Wr + br)     i = σ(u Wi + bi)
 *   a = σ(Λ)^(c r)       c = 8; a^c begins between 0.9 and 0.999
 *   h' = a ∘ h + √(1 − a²) ∘ (i ∘ u)
 *
 * Options: size.
 * Shapes: gates [size, 2, size], b [2, size], in the order r, i; rate [size], which is Λ;
 * W [input, size]; state { h: [size] }; output h.
 * Source: De et al. 2024, arXiv:2402.19427, eq. 1–4 and section 2.4.
 * Checked: a loop over numbers in float64; the decays that it begins with.
 */
export const rgLru = linearCell({
  name: "rgLru",
  params: ({ input, size }, init) => ({
    W: init.glorot([input, size]),
    gates: init.glorot([size, 2, size]),
    b: init.zeros([2, size]),
    rate: firstRate(size),
  }),
  state: ({ size }) => [size],
  coefficients(x, { W, gates, b, rate }) {
    const u = x.dot(W);
    const [r, i] = gatesOf(u.dot(gates).add(b));
    // log σ(Λ) = −softplus(−Λ)
    const logA = rate.neg().softplus().mul(-SHARPNESS).mul(r.logistic());
    // a − 1, exact where a is near 1; and 1 − a² off 0, where the slope of the root is infinite.
    const less = logA.expm1();
    const room = less.neg().mul(less.add(2)).maximum(TINY).sqrt();
    return { a: less.add(1), b: room.mul(i.logistic()).mul(u) };
  },
  read: (h) => h,
});

const firstRate = (size: number): Initial =>
  new Initial([size], "decay", (key) =>
    uniforms(key, size, LEAST, GREATEST).map((power) => {
      const a = power ** (1 / SHARPNESS);
      return Math.log(a) - Math.log1p(-a);
    }),
  );

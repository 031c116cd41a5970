/**
 * A recurrent cell whose matrix is orthogonal whatever it learns: what is fed back keeps its
 * length, and so does the gradient on its way back, up to the activation.
 */
import { fail, oneOf } from "../../errors.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { activate } from "../activation.ts";
import { cell } from "../cell.ts";
import type { Initial, Initialisers } from "../init.ts";
import { modRelu } from "./modRelu.ts";
import { cayleyRotation, exponentialRotation, pairAngles, reflected } from "./rotations.ts";

interface Chosen {
  readonly negative: number | undefined;
  readonly reflections: number | undefined;
}
type Method = "exponential" | "cayley" | "householder";

/**
 * h' = f(x Wx + h Q + b), where Q is orthogonal and made of A:
 *   exponential  Q = exp(A − Aᵀ)
 *   cayley       Q = (I + S)⁻¹ (I − S) D, S = A − Aᵀ, D diagonal with `negative` entries −1
 *   householder  Q = Π (I − 2 vᵀv / v vᵀ) over the rows v of A
 * With modReLU the bias is inside: h' = sign(z) ∘ relu(|z| + b), z = x Wx + h Q.
 *
 * Options: size; method "exponential" (default), "cayley" or "householder"; activation "modReLU"
 * (default), "linear", "tanh", "relu" or any other of `activations`; negative, size / 2 rounded
 * down by default; reflections, as many as units by default: fewer cost less, 4 n r operations.
 * Shapes: Wx [input, size]; A [size, size], or [reflections, size] for householder; b [size];
 * state { h: [size] }; output h.
 * Source: expRNN: Lezcano-Casado and Martínez-Rubio 2019, arXiv:1901.08428; scoRNN: Helfrich et
 * al. 2018, arXiv:1707.09520; reflections: Mhammedi et al. 2017, arXiv:1612.00188.
 * Checked: the equations on plain numbers, where the exponential is Taylor's series, Cayley's
 * transform a plain elimination, and reflections are done one after the other.
 */
export const orthogonal = cell({
  name: "orthogonal",
  options: {
    method: "exponential" as Method,
    activation: "modReLU" as string,
    negative: undefined as number | undefined,
    reflections: undefined as number | undefined,
  },
  params: ({ input, size, method, ...rest }, init) => ({
    Wx: init.glorot([input, size]),
    A: first(method, size, rest, init),
    b: init.zeros([size]),
  }),
  state: ({ size }) => ({ h: [size] }),
  step({ h }, x, { Wx, A, b }, { method, activation, size, negative }) {
    const z = x.dot(Wx).add(fedBack(method, h, A, negative ?? Math.floor(size / 2)));
    const next = activation === "modReLU" ? modRelu(z, b) : activate(activation, z.add(b));
    return { state: { h: next }, output: next };
  },
});

function first(method: Method, size: number, o: Chosen, init: Initialisers): Initial {
  oneOf("orthogonal: method", method, ["exponential", "cayley", "householder"]);
  const within = (name: "negative" | "reflections", least: number) => {
    const given = o[name] ?? least;
    if (!Number.isInteger(given) || given < least || given > size)
      fail("bad-argument", {
        where: `orthogonal: ${name}`,
        given: String(given),
        expected: `a whole number within ${least}…${size}`,
      });
  };
  within("negative", 0);
  within("reflections", 1);
  if (method === "exponential") return pairAngles(size, -Math.PI, Math.PI, (angle) => angle);
  if (method === "cayley") return pairAngles(size, 0, Math.PI / 2, (angle) => Math.tan(angle / 2));
  return init.normal([o.reflections ?? size, size]);
}

function fedBack(method: Method, h: Tensor, A: Tensor, negative: number): Tensor {
  if (method === "householder") return reflected(h, A);
  return h.dot(method === "cayley" ? cayleyRotation(A, negative) : exponentialRotation(A));
}

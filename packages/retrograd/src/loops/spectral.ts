/** How strongly a step pulls states together, measured on its Jacobian without forming it. */
import { fail } from "../errors.ts";
import { zeros } from "../ops/creation.ts";
import { div, log, where } from "../ops/elementwise.ts";
import * as random from "../ops/random.ts";
import { isFloat } from "../scalar/dtype.ts";
import { showType, type Tensor } from "../tensor/tensor.ts";
import { flatten, mapTree } from "../tensor/tree.ts";
import { jvp, vjp } from "../transform/derivatives.ts";
import { scan } from "./scanTree.ts";

/** Independent normal numbers of the types of a tree. */
function noise<S>(tree: S, key: Tensor): S {
  let at = 0;
  return mapTree(tree, ({ shape, dtype }: Tensor) =>
    random.normal(random.fold(key, at++), shape, {
      dtype: dtype === "float64" ? "float64" : "float32",
    }),
  ) as S;
}

const squares = (tree: unknown): Tensor =>
  flatten(tree)
    .map((t) => t.mul(t).sum())
    .reduce((a, b) => a.add(b));

/**
 * Spectral radius of ∂f/∂z by power iteration: the mean rate at which a random direction grows,
 * over the last half of the turns, so that complex pairs of eigenvalues are measured too.
 * @param step   (state, params) → next state
 * @param state  tree of float tensors: where
 * @param turns  products with the Jacobian; 60
 * @returns      a number, [], differentiable
 * @throws "bad-argument" unless the state is floats
 * Checked: eigenvalues of linear steps, real and complex.
 */
export function spectralRadius<S, P = undefined>(
  step: (state: S, params: P) => S,
  state: S,
  params?: P,
  { turns = 60, key = random.key(0) }: { turns?: number; key?: Tensor } = {},
): Tensor {
  const linear = (v: S) => jvp((z: S) => step(z, params as P), [state], [v])[1];
  const leaves = flatten(state);
  const other = leaves.find((t) => !isFloat(t.dtype));
  if (leaves.length === 0 || other)
    fail("bad-argument", {
      where: "spectralRadius",
      given: other ? `a state ${showType(other)}` : "an empty state",
      expected: "a state of floats",
    });
  const [{ dtype }] = leaves;
  const unit = (v: S) => {
    const size = squares(v).sqrt();
    const by = where(size.equal(0), 1, size);
    return { v: mapTree(v, (t: Tensor) => div(t, by)) as S, size };
  };
  const start = {
    v: unit(noise(state, key)).v,
    sum: zeros([], { dtype }),
    t: zeros([], { dtype }),
  };
  const turn = ({ v, sum, t }: typeof start) => {
    const { v: next, size } = unit(linear(v) as S);
    const late = t.greaterEqual(Math.floor(turns / 2));
    return { state: { v: next, sum: where(late, sum.add(log(size)), sum), t: t.add(1) } };
  };
  const { state: end } = scan(turn, start, undefined, undefined, { length: turns });
  return end.sum.mul(1 / (turns - Math.floor(turns / 2))).exp();
}

/**
 * ‖∂f/∂z‖² / n, in the mean over draws: a penalty that keeps a fixed point attracting.
 *   ‖εᵀ ∂f/∂z‖² / n with ε normal
 * @param key  of the draw; another one in every step of training
 * @returns    a number, [], to be added to a loss with a small weight
 * Source: Bai et al. 2021, arXiv:2106.14342, eq. 4; Hutchinson 1989.
 * Checked: the mean over draws is the Frobenius norm of the Jacobian.
 */
export function jacobianPenalty<S, P = undefined>(
  step: (state: S, params: P) => S,
  state: S,
  params: P,
  key: Tensor,
): Tensor {
  const [, pullback] = vjp((z: S) => step(z, params), state);
  const size = flatten(state).reduce((n, t) => n + t.size, 0);
  return squares(pullback(noise(state, key) as never)).mul(1 / size);
}

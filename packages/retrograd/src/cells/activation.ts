/** Activations by name, as options say them: each is one expression over the scalar table. */
import { oneOf } from "../errors.ts";
import { lettersOfRank } from "../ops/axes.ts";
import { map } from "../ops/map.ts";
import * as scalar from "../scalar/index.ts";
import { type Arg, type Expr, slot } from "../scalar/index.ts";
import type { Tensor } from "../tensor/tensor.ts";

export const activations: Readonly<Record<string, (x: Arg) => Expr>> = {
  tanh: scalar.tanh,
  relu: scalar.relu,
  logistic: scalar.logistic,
  sigmoid: scalar.logistic,
  silu: scalar.silu,
  gelu: scalar.gelu,
  geluTanh: scalar.geluTanh,
  elu: (x) => scalar.elu(x),
  selu: scalar.selu,
  leakyRelu: (x) => scalar.leakyRelu(x),
  softplus: scalar.softplus,
  softsign: scalar.softsign,
  mish: scalar.mish,
  hardSigmoid: scalar.hardSigmoid,
  hardTanh: scalar.hardTanh,
};

/** @throws "unknown-option" */
export const checkActivation = (name: string): string =>
  oneOf("activation", name, Object.keys(activations));

/** f(x) elementwise, for the f of that name; x itself for "linear". @throws "unknown-option" */
export function activate(name: string, x: Tensor): Tensor {
  if (name === "linear") return x;
  const body = activations[checkActivation(name)](slot(0));
  const letters = lettersOfRank(x.rank);
  return map(`${letters}->${letters}`, body, [x], { name });
}

/** Activations by name, as options say them: each is one expression over the scalar table. */
import { fail } from "../errors/layers.ts";
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
export function checkActivation(name: string): void {
  if (!(name in activations))
    fail("unknown-option", {
      where: "activation",
      given: name,
      known: Object.keys(activations).join(", "),
    });
}

/** f(x) elementwise, for the f of that name; x itself for "linear". @throws "unknown-option" */
export function activate(name: string, x: Tensor): Tensor {
  if (name === "linear") return x;
  checkActivation(name);
  const letters = lettersOfRank(x.rank);
  return map(`${letters}->${letters}`, activations[name](slot(0)), [x], { name });
}

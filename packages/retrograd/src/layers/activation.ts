/** An activation as a layer. */
import { activate, checkActivation } from "../cells/activation.ts";
import { type Layer, type Nothing, needsFloat, pointwise } from "./layer.ts";

/** y = f(x), for the name of an f in `activations`. @throws "unknown-option" */
export function activation(f: string): Layer<Nothing> {
  checkActivation(f);
  const name = `activation(${f})`;
  return pointwise({
    kind: "activation",
    name,
    keepsShape: true,
    plan(flow) {
      needsFloat(name, flow);
      return { output: flow };
    },
    apply: (_, x) => activate(f, x),
  });
}

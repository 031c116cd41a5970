/**
 * What a lesson is made of: each part is told by the function that training calls of it, so that
 * a word ("adam") or a function that nobody called (adam) is refused before anything runs.
 */
import { fail } from "../errors/training.ts";
import { shown } from "../errors.ts";

const kinds = {
  model: ["run", "a model, such as sequential(…)"],
  loss: ["parts", "a loss, such as mse()"],
  optimizer: ["update", "an optimizer, such as adam(1e-3)"],
  method: ["learn", "a method, such as bptt()"],
  metrics: ["parts", "metrics, such as [metrics.accuracy()]"],
  schedule: ["factor", "a schedule, such as cosine(1000)"],
} as const;
type Kind = keyof typeof kinds;

/** @throws "bad-argument" naming the first part that is not what it must be */
export function checkKinds(where: string, parts: { readonly [K in Kind]?: unknown }): void {
  for (const [name, part] of Object.entries(parts)) {
    const [call, expected] = kinds[name as Kind];
    if (typeof (part as any)?.[call] !== "function")
      fail("bad-argument", { where: `${where}: ${name}`, given: shown(part), expected });
  }
}

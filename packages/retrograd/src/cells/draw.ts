/** Draws in float64 from a key that is known, and keys that belong to names. */
import { fail } from "../errors/layers.ts";
import * as random from "../ops/random.ts";
import { float64, Tensor } from "../tensor/tensor.ts";

/** The key that belongs to a name: FNV-1a of its code units, folded into `key`. */
export function fold(key: Tensor, name: string): Tensor {
  if (key instanceof Tensor && !key.isConcrete) fail("not-concrete", { what: "model.init" });
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return random.fold(key, hash | 0);
}

export const uniforms = (key: Tensor, size: number, min: number, max: number): Float64Array =>
  float64(random.uniform(key, [size], { min, max, dtype: "float64" }));

export const normals = (key: Tensor, size: number, deviation: number): Float64Array =>
  float64(random.normal(key, [size], { deviation, dtype: "float64" }));

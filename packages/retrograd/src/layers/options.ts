/** Options of layers: nothing unknown passes silently. */
import { fail } from "../errors/layers.ts";

/** @throws "unknown-option" for a key that is not among `known` */
export function checkOptions(where: string, options: object, known: readonly string[]): void {
  for (const given of Object.keys(options))
    if (!known.includes(given)) fail("unknown-option", { where, given, known: known.join(", ") });
}

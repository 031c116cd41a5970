/** A reader of named weights that remembers what was asked for and what was taken. */
import type { Tensor } from "../tensor/tensor.ts";

export type Named = Record<string, Tensor>;

/** Weights that are taken one by one, so that what nobody takes can be told. */
export class Taken {
  readonly missing: string[] = [];
  readonly taken = new Set<string>();
  readonly weights: Readonly<Named>;
  readonly prefix: string;
  constructor(weights: Readonly<Named>, prefix = "", parent?: Taken) {
    this.weights = weights;
    this.prefix = prefix;
    if (parent) {
      this.missing = parent.missing;
      this.taken = parent.taken;
    }
  }
  under(prefix: string): Taken {
    return new Taken(this.weights, this.prefix + prefix, this);
  }
  /** The tensor of that name; undefined, and noted as missing, where there is none. */
  take(name: string): Tensor | undefined {
    const found = this.maybe(name);
    if (!found) this.missing.push(this.prefix + name);
    return found;
  }
  maybe(name: string): Tensor | undefined {
    const path = this.prefix + name;
    const found = Object.hasOwn(this.weights, path) ? this.weights[path] : undefined;
    if (found) this.taken.add(path);
    return found;
  }
  /** Every tensor under the prefix. */
  rest(): Named {
    const own = Object.entries(this.weights).filter(([name]) => name.startsWith(this.prefix));
    for (const [name] of own) this.taken.add(name);
    return Object.fromEntries(own.map(([name, t]) => [name.slice(this.prefix.length), t]));
  }
}

/**
 * The loop-level program between graphs and targets. A kernel is four statements (`for`, `let`,
 * `set`, `store`) over affine addresses in one arena, one function of its own on every target; a
 * schedule calls kernels in order, inside the loops through time. Shapes are known, so every
 * buffer has its place before anything runs: nothing is allocated, owned or freed at run time.
 */
import type { Data, DType } from "../scalar/dtype.ts";
import type { Scalar } from "../scalar/index.ts";

/** A place in the arena. `depth` counts the schedule loops around the one that writes it. */
export interface Buffer {
  readonly id: number;
  readonly name: string;
  readonly dtype: DType;
  readonly length: number;
  readonly kind: "input" | "output" | "resident" | "constant" | "temporary";
  readonly depth: number;
  readonly data?: Data;
  /** Moments of a loop that it keeps, one row each. */
  rows?: number;
  /** Set where the compiler found that it can share another buffer's place. */
  alias?: Buffer;
  /** Byte offset in the arena, set by the plan. */
  offset?: number;
}

export function resolve(buffer: Buffer): Buffer {
  let b = buffer;
  while (b.alias) b = b.alias;
  return b;
}

/** base + Σ stride · index, in elements. */
export interface Affine {
  readonly base: number;
  readonly terms: readonly (readonly [index: string, stride: number])[];
}
export const at = (base: number, ...terms: (readonly [string, number])[]): Affine =>
  plusTerms({ base, terms: [] }, terms);

/** a + terms, with equal indices joined and zero strides dropped. */
export function plusTerms(
  a: Affine,
  terms: readonly (readonly [string, number])[],
  base = 0,
): Affine {
  const sum = new Map<string, number>(a.terms);
  for (const [i, s] of terms) sum.set(i, (sum.get(i) ?? 0) + s);
  return { base: a.base + base, terms: [...sum].filter(([, s]) => s !== 0) };
}
export const plusAffine = (a: Affine, b: Affine, times = 1): Affine =>
  plusTerms(
    a,
    b.terms.map(([i, s]) => [i, s * times] as const),
    b.base * times,
  );

interface Typed {
  readonly dtype: DType;
  readonly lanes: number;
}
export type Value =
  | (Typed & { readonly kind: "number"; readonly value: number })
  | (Typed & { readonly kind: "local"; readonly name: string })
  /** `stride` between lanes: 1 is a vector load, 0 one number in every lane, else lane by lane. */
  | (Typed & {
      readonly kind: "load";
      readonly buffer: Buffer;
      readonly at: Affine;
      readonly stride: number;
      readonly dynamic?: Dynamic;
    })
  /** The integer value of an affine index; lanes differ by `stride`. */
  | (Typed & { readonly kind: "index"; readonly at: Affine; readonly stride: number })
  | (Typed & { readonly kind: "call"; readonly fn: Scalar; readonly args: readonly Value[] })
  | (Typed & { readonly kind: "splat"; readonly value: Value })
  | (Typed & { readonly kind: "lane"; readonly value: Value; readonly lane: number })
  /** Lane l has what lane l + by of the value has, counted around. */
  | (Typed & { readonly kind: "turned"; readonly value: Value; readonly by: number });

/** A run-time part of an address: index · stride elements, the index in [0, count). */
export interface Dynamic {
  readonly index: Value;
  readonly stride: number;
  readonly count: number;
}

export type Stmt =
  | {
      readonly kind: "for";
      readonly index: string;
      readonly count: number;
      readonly step: number;
      readonly body: readonly Stmt[];
      /** Where the index begins, of outer indices; 0 by default, no turn at or above `count`. */
      readonly from?: Affine;
    }
  | { readonly kind: "let" | "set"; readonly name: string; readonly value: Value }
  | {
      readonly kind: "store";
      readonly buffer: Buffer;
      readonly at: Affine;
      readonly value: Value;
      readonly dynamic?: Dynamic;
    }
  /** Asks for the cache line of an element that is read or written soon; changes no value. */
  | { readonly kind: "prefetch"; readonly buffer: Buffer; readonly at: Affine };

/** What a target can do; passes ask this, never a target's name. */
export interface Abilities {
  /** Bytes of a vector register. */
  readonly vectorBytes: number;
  /** a·b + c in one instruction. */
  readonly fma: boolean;
  /** Vector registers that hold a tile. */
  readonly registers: number;
  /** Cache lines can be asked for ahead of their use. */
  readonly prefetch: boolean;
}

/** One function: no calls inside, loops and arithmetic only. */
export interface Kernel {
  readonly name: string;
  readonly body: readonly Stmt[];
  readonly reads: readonly Access[];
  readonly writes: readonly Access[];
  readonly flops: number;
  /** What was done to it, for explain(). */
  readonly note: string;
}
/** A use of a buffer; `aligned` when element i of the output reads only element i of it. */
export interface Access {
  readonly buffer: Buffer;
  readonly aligned?: string;
}

export type Item =
  | { readonly kind: "kernel"; readonly kernel: Kernel }
  | {
      readonly kind: "loop";
      readonly index: string;
      readonly count: number;
      readonly reverse: boolean;
      readonly body: Item[];
      readonly name: string;
    }
  | {
      readonly kind: "while";
      readonly condition: Item[];
      readonly flag: Buffer;
      readonly body: Item[];
    }
  | Collective;

/** Buffers that all shards add up, each in its place; shards wait for each other here. */
export interface Collective {
  readonly kind: "collective";
  readonly name: string;
  readonly buffers: readonly Buffer[];
}

/** The whole program: what runs once after residents are written, and what runs at each call. */
export interface Schedule {
  readonly setup: Item[];
  readonly main: Item[];
  readonly buffers: Buffer[];
  readonly notes: readonly string[];
}

export const loop = (index: string, count: number, body: readonly Stmt[], step = 1): Stmt[] =>
  count <= 0 ? [] : [{ kind: "for", index, count, step, body }];

/** A loop whose first index depends on the loops around it: a triangle, say. */
export const loopFrom = (
  from: Affine,
  index: string,
  count: number,
  body: readonly Stmt[],
): Stmt[] => (count <= 0 ? [] : [{ kind: "for", index, count, step: 1, body, from }]);

/** Loops inside one another, the first outermost, named after a letter and their depth. */
export const loops = (letter: string, counts: readonly number[], body: readonly Stmt[]): Stmt[] =>
  counts.reduceRight((inner, count, d) => loop(`${letter}${d}`, count, inner), [...body]);

/** Visit every kernel of a list of items, with the loops around it. */
export function kernelsOf(
  items: readonly Item[],
  visit: (k: Kernel, loops: readonly { index: string; count: number }[]) => void,
  around: readonly { index: string; count: number }[] = [],
): void {
  for (const item of items) {
    if (item.kind === "kernel") visit(item.kernel, around);
    else if (item.kind === "loop") kernelsOf(item.body, visit, [...around, item]);
    else if (item.kind === "while") {
      kernelsOf(item.condition, visit, around);
      kernelsOf(item.body, visit, around);
    }
  }
}

/** Visit every part of a value, the index of a run-time address included. */
export function partsOf(value: Value, visit: (part: Value) => void): void {
  visit(value);
  if (value.kind === "call") for (const a of value.args) partsOf(a, visit);
  else if (value.kind === "splat" || value.kind === "lane" || value.kind === "turned")
    partsOf(value.value, visit);
  else if (value.kind === "load" && value.dynamic) partsOf(value.dynamic.index, visit);
}

/** Visit all statements of a body and every part of their values. */
export function walk(body: readonly Stmt[], visit: (part: Stmt | Value) => void): void {
  for (const s of body) {
    if (s.kind === "for") walk(s.body, visit);
    else if (s.kind !== "prefetch") partsOf(s.value, visit);
    visit(s);
    if (s.kind === "store" && s.dynamic) partsOf(s.dynamic.index, visit);
  }
}

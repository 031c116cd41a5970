/**
 * One kernel as one Wasm function. Addresses are kept in locals that move with their loops, so an
 * inner loop has an addition where the formula has a product; equal addresses share one local,
 * and constant distances go into the instruction.
 */

import {
  type Affine,
  type Buffer,
  type Dynamic,
  type Kernel,
  resolve,
  type Stmt,
  type Value,
  walk,
} from "../../nest/nest.ts";
import { parametersOf } from "../../nest/parameters.ts";
import { bytesOf } from "../../scalar/dtype.ts";
import {
  ADD_I32,
  type Bytes,
  type Function,
  globalGet,
  I32,
  int,
  localGet,
  localSet,
  localTee,
  MUL_I32,
  simd,
  unsigned,
  V128,
  VOID,
} from "./encode.ts";
import { ORIGIN } from "./shards.ts";
import { number, type Printer, printValue, wasmType } from "./value.ts";

const [BLOCK, LOOP, END, BRANCH_IF, LESS_U32, AT_LEAST_U32] = [0x02, 0x03, 0x0b, 0x0d, 0x49, 0x4f];

type Terms = readonly (readonly [index: string, bytes: number])[];

/** A local that holds an address, and the bytes by which it moves with a loop. */
interface Pointer {
  readonly id: number;
  readonly bytes: number;
  /** The address where that loop begins. */
  readonly before: Terms;
  readonly key: string;
}

export function printKernel(
  kernel: Kernel,
  relaxed: boolean,
  shared = false,
): Function & { readonly indices: readonly string[] } {
  const indices = parametersOf(kernel),
    printer = new KernelPrinter(indices, relaxed, shared);
  const code = printer.print(kernel);
  return { indices, parameters: indices.length, locals: printer.locals, code, name: kernel.name };
}

class KernelPrinter implements Printer {
  readonly locals: number[] = [];
  readonly relaxed: boolean;
  readonly #names = new Map<string, number>();
  readonly #pointers = new Map<string, number>();
  /** Loops around the place being printed, outermost first; parameters come before them. */
  readonly #around: string[] = [];
  /** Loops of a single turn: their index is 0. */
  readonly #still = new Set<string>();
  readonly #parameters: readonly string[];
  /** Where the arena begins, in a memory that holds several. */
  readonly #origin: number | undefined;
  constructor(parameters: readonly string[], relaxed: boolean, shared: boolean) {
    this.#parameters = parameters;
    this.relaxed = relaxed;
    parameters.forEach((p, i) => this.#names.set(`index ${p}`, i));
    if (shared) this.#origin = this.#local("origin", I32);
  }

  print(kernel: Kernel): Bytes {
    const before = this.#parameters.flatMap((p) => {
      this.#around.push(p);
      return this.#startPointers(p, this.#keysAt(p, kernel.body), true);
    });
    const body = this.#block(kernel.body);
    const origin =
      this.#origin === undefined ? [] : [...globalGet(ORIGIN), ...localSet(this.#origin)];
    return [...origin, ...[...this.#constants.values()].flat(), ...before, ...body];
  }

  readonly #constants = new Map<string, Bytes>();
  /**
   * Engines build a vector constant anew at each use; a local is made once and read from a
   * register.
   */
  constant(value: number, dtype: Value["dtype"], lanes: number): Bytes {
    const key = `constant ${Object.is(value, -0) ? "-0" : value} ${dtype}`,
      id = this.#local(key, V128);
    if (!this.#constants.has(key))
      this.#constants.set(key, [...number(value, dtype, lanes), ...localSet(id)]);
    return localGet(id);
  }

  #local(key: string, type: number): number {
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const id = this.#parameters.length + this.locals.push(type) - 1;
    this.#names.set(key, id);
    return id;
  }
  #typed = (name: string, v: { dtype: Value["dtype"]; lanes: number }) =>
    this.#local(`${name}:${wasmType(v.dtype, v.lanes)}`, wasmType(v.dtype, v.lanes));
  readonly #typeOfLocal = new Map<string, { dtype: Value["dtype"]; lanes: number }>();
  get(name: string): Bytes {
    return localGet(this.#typed(name, this.#typeOfLocal.get(name)!));
  }

  #block(body: readonly Stmt[]): Bytes {
    return body.flatMap((s) => this.#statement(s));
  }

  #statement(s: Stmt): Bytes {
    if (s.kind === "for") return this.#loop(s);
    if (s.kind === "store") return this.#store(s);
    if (s.kind === "prefetch") return [];
    if (s.kind === "let") {
      const code = printValue(s.value, this);
      this.#typeOfLocal.set(s.name, s.value);
      return [...code, ...localSet(this.#typed(s.name, s.value))];
    }
    return [
      ...printValue(s.value, this),
      ...localSet(this.#typed(s.name, this.#typeOfLocal.get(s.name)!)),
    ];
  }

  #loop(s: Stmt & { kind: "for" }): Bytes {
    if (s.count <= s.step && !s.from) {
      this.#still.add(s.index);
      const body = this.#block(s.body);
      this.#still.delete(s.index);
      return body;
    }
    this.#still.delete(s.index);
    const index = this.#local(`index ${s.index}`, I32);
    this.#around.push(s.index);
    const keys = this.#keysAt(s.index, s.body);
    const first = s.from ? this.#integer(s.from) : int(0);
    const start = this.#startPointers(s.index, keys, s.from !== undefined);
    const body = this.#block(s.body);
    const advance = keys.flatMap(({ id, bytes }) => [
      ...localGet(id),
      ...int(bytes * s.step),
      ADD_I32,
      ...localSet(id),
    ]);
    this.#around.pop();
    const again = [...int(s.count), LESS_U32, BRANCH_IF, 0];
    const turns = [
      ...[LOOP, VOID, ...body, ...advance],
      ...[...localGet(index), ...int(s.step), ADD_I32, ...localTee(index), ...again, END],
    ];
    if (!s.from) return [...first, ...localSet(index), ...start, ...turns];
    // Such a loop may have no turn at all.
    const none = [...int(s.count), AT_LEAST_U32, BRANCH_IF, 0];
    return [BLOCK, VOID, ...first, ...localTee(index), ...none, ...start, ...turns, END];
  }

  /** Byte strides of an address along the loops around it, outermost first. */
  #terms(at: Affine, size: number): Terms {
    const strides = new Map(at.terms);
    return this.#around
      .filter((i) => strides.has(i))
      .map((i) => [i, strides.get(i)! * size] as const);
  }
  #keyOf = (terms: Terms): string => terms.map(([i, s]) => `${i}*${s}`).join("+");

  /** Pointers that move with `index`, the loop around all others: one per distinct address. */
  #keysAt(index: string, body: readonly Stmt[]): Pointer[] {
    const found = new Map<string, Pointer>();
    walk(body, (part) => {
      if (part.kind !== "load" && part.kind !== "store") return;
      const terms = this.#terms(part.at, bytesOf(part.buffer.dtype));
      const key = this.#keyOf(terms);
      const [last, bytes] = terms.at(-1) ?? [];
      if (last !== index || found.has(key)) return;
      const id = this.#local(`pointer ${key}`, I32);
      found.set(key, { id, bytes: bytes!, before: terms.slice(0, -1), key });
    });
    return [...found.values()];
  }

  /** Pointers at the first turn; where the index is not 0 there, they are moved by it. */
  #startPointers(index: string, keys: readonly Pointer[], moved: boolean): Bytes {
    return keys.flatMap(({ id, bytes, before, key }) => {
      const base = this.#pointerTo(before);
      this.#pointers.set(key, id);
      if (!moved) return [...(base ?? int(0)), ...localSet(id)];
      const by = [...localGet(this.#names.get(`index ${index}`)!), ...int(bytes), MUL_I32];
      return [...by, ...(base ? [...base, ADD_I32] : []), ...localSet(id)];
    });
  }
  #pointerTo(terms: Terms): Bytes | undefined {
    if (terms.length === 0) return this.#origin === undefined ? undefined : localGet(this.#origin);
    return localGet(this.#pointers.get(this.#keyOf(terms))!);
  }

  /** The address on the stack, and the constant part that goes into the instruction. */
  #address(
    buffer: Buffer,
    at: Affine,
    dynamic: Dynamic | undefined,
  ): { code: Bytes; offset: number } {
    const size = bytesOf(buffer.dtype),
      terms = this.#terms(at, size).filter(([i]) => !this.#still.has(i));
    const constant = resolve(buffer).offset! + at.base * size;
    const moving = [
      ...(this.#pointerTo(terms) ?? int(0)),
      ...(dynamic
        ? [...printValue(dynamic.index, this), ...int(dynamic.stride * size), MUL_I32, ADD_I32]
        : []),
    ];
    const backwards =
      constant < 0 || terms.some(([, s]) => s < 0) || (dynamic !== undefined && dynamic.stride < 0);
    return backwards
      ? { code: [...moving, ...int(constant), ADD_I32], offset: 0 }
      : { code: moving, offset: constant };
  }

  load(v: Value & { kind: "load" }): Bytes {
    const { code, offset } = this.#address(v.buffer, v.at, v.dynamic),
      wide = v.dtype === "float64";
    const memory = (at: number) => [wide ? 3 : 2, ...unsigned(at)];
    if (v.lanes === 1)
      return [...code, v.dtype === "float32" ? 0x2a : wide ? 0x2b : 0x28, ...memory(offset)];
    if (v.stride === 1) return this.#mask(v, [...code, ...simd(0x00), ...memory(offset)]);
    if (v.stride === 0)
      return this.#mask(v, [...code, ...simd(wide ? 0x0a : 0x09), ...memory(offset)]);
    const vector = this.#local("strided", V128),
      pointer = this.#local("strided at", I32);
    const out: Bytes = [
      ...code,
      ...localTee(pointer),
      ...simd(wide ? 0x0a : 0x09),
      ...memory(offset),
      ...localSet(vector),
    ];
    for (let lane = 1; lane < v.lanes; lane++) {
      const step = lane * v.stride * bytesOf(v.dtype),
        within = offset + step;
      const where =
        within >= 0 ? localGet(pointer) : [...localGet(pointer), ...int(within), ADD_I32];
      out.push(
        ...where,
        ...localGet(vector),
        ...simd(wide ? 0x57 : 0x56),
        ...memory(Math.max(0, within)),
        lane,
        ...localSet(vector),
      );
    }
    return this.#mask(v, [...out, ...localGet(vector)]);
  }
  /** Bools are 0 and 1 in memory, and masks in lanes. */
  #mask = (v: Value, code: Bytes): Bytes =>
    v.dtype === "bool" && v.lanes > 1 ? [...code, ...simd(0xa1)] : code;

  #store(s: Stmt & { kind: "store" }): Bytes {
    const { code, offset } = this.#address(s.buffer, s.at, s.dynamic),
      wide = s.buffer.dtype === "float64";
    const memory = [wide ? 3 : 2, ...unsigned(offset)],
      value = this.#mask(s.value, printValue(s.value, this));
    if (s.value.lanes > 1) return [...code, ...value, ...simd(0x0b), ...memory];
    return [...code, ...value, s.buffer.dtype === "float32" ? 0x38 : wide ? 0x39 : 0x36, ...memory];
  }

  #integer(at: Affine): Bytes {
    const out: Bytes = int(at.base);
    for (const [i, stride] of at.terms)
      if (!this.#still.has(i))
        out.push(
          ...localGet(this.#names.get(`index ${i}`)!),
          ...(stride === 1 ? [] : [...int(stride), MUL_I32]),
          ADD_I32,
        );
    return out;
  }
  index(v: Value & { kind: "index" }): Bytes {
    const out = this.#integer(v.at);
    if (v.lanes === 1) return out;
    const splat = [...out, ...simd(0x11)];
    if (v.stride === 0) return splat;
    const ramp = Int32Array.from({ length: 4 }, (_, l) => l * v.stride);
    return [...splat, ...simd(0x0c), ...new Uint8Array(ramp.buffer), ...simd(0xae)];
  }
}

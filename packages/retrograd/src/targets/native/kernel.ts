/**
 * One kernel as one C function of the arena and of the schedule's indices that it reads. Addresses
 * are integers, written out as sums of products: C compilers find what moves with a loop, and
 * conclude nothing about memory from where an integer came from.
 */

import type { Stmt, Value } from "../../nest/nest.ts";
import {
  type Affine,
  type Buffer,
  type Dynamic,
  type Kernel,
  resolve,
  walk,
} from "../../nest/nest.ts";
import { parametersOf } from "../../nest/parameters.ts";
import { bytesOf } from "../../scalar/dtype.ts";
import { numberType, type Typed, typeOf } from "./types.ts";
import { type Printer, printValue } from "./value.ts";

export interface PrintedKernel {
  /** What the function is called. */
  readonly name: string;
  /** Indices of the schedule that it takes after the arena. */
  readonly indices: readonly string[];
  readonly code: string;
}

export function printKernel(kernel: Kernel, vectorBytes: number, fma: boolean): PrintedKernel {
  const indices = parametersOf(kernel),
    name = `k_${kernel.name}`;
  const parameters = ["address arena", ...indices.map((i) => `long ${i}`)].join(", ");
  const exact = comparesFloats(kernel);
  const lines = new KernelPrinter(vectorBytes, fma && !exact).print(kernel);
  const head = `/* ${kernel.note.replaceAll("*/", "* /")} */`;
  const declared = `${exact ? "EXACT " : ""}KERNEL void ${name}(${parameters}) {`;
  const body = [...(exact ? ["  APART"] : []), ...lines];
  return { name, indices, code: [head, declared, ...body, "}"].join("\n") };
}

/**
 * Whether numbers of this kernel are compared with those of another one: a maximum is looked for
 * again on the way back, by equality. Both must then round alike, so the C compiler may not join a
 * product and a sum in one of them and not in the other.
 */
function comparesFloats({ body }: Kernel): boolean {
  let found = false;
  walk(body, (part) => {
    if (part.kind === "call" && part.fn.name === "equal")
      found ||= part.args.some((a) => a.dtype === "float32" || a.dtype === "float64");
    if (part.kind === "set" && part.value.kind === "call" && part.value.fn.name === "max")
      found ||= part.value.args.some((a) => a.kind === "local" && a.name === part.name);
  });
  return found;
}

/** A local as C knows it. */
interface Local {
  readonly name: string;
  readonly type: string;
}

class KernelPrinter implements Printer {
  readonly vectorBytes: number;
  readonly fma: boolean;
  /** Locals of the blocks around the place being printed, innermost last. */
  private readonly scopes: Map<string, Local>[] = [];
  /** Loops of a single turn: their index is 0. */
  private readonly still = new Set<string>();
  constructor(vectorBytes: number, fma: boolean) {
    this.vectorBytes = vectorBytes;
    this.fma = fma;
  }

  print = (kernel: Kernel): string[] => this.block(kernel.body);

  private block(body: readonly Stmt[]): string[] {
    this.scopes.push(new Map());
    const lines = body.flatMap((s) => this.statement(s)).map((line) => `  ${line}`);
    this.scopes.pop();
    return lines;
  }

  private statement(s: Stmt): string[] {
    if (s.kind === "for") return this.loop(s);
    if (s.kind === "store") return [this.store(s)];
    if (s.kind === "prefetch")
      return [`__builtin_prefetch((void *)(${this.address(s.buffer, s.at, undefined)}));`];
    const value = printValue(s.value, this);
    if (s.kind === "set") return [`${this.get(s.name)} = ${value};`];
    return [`${this.define(s.name, s.value)} = ${value};`];
  }

  /** The local on the left of its value: declared where its block does not know it yet. */
  private define(name: string, v: Typed): string {
    const scope = this.scopes[this.scopes.length - 1],
      type = typeOf(v, this.vectorBytes);
    const known = scope.get(name);
    if (known?.type === type) return known.name;
    const local = { name: known ? `${name}_${type}` : name, type };
    scope.set(name, local);
    return `${type} ${local.name}`;
  }
  get(name: string): string {
    for (let d = this.scopes.length - 1; d >= 0; d--) {
      const local = this.scopes[d].get(name);
      if (local) return local.name;
    }
    throw new Error(`local ${name} is used before it is made`);
  }

  private loop({ index, count, step, body, from }: Stmt & { kind: "for" }): string[] {
    if (count <= step && !from) {
      this.still.add(index);
      const lines = this.block(body);
      this.still.delete(index);
      return ["{", ...lines, "}"];
    }
    this.still.delete(index);
    const advance = step === 1 ? `${index}++` : `${index} += ${step}`;
    const first = from ? this.sum(from.base, from, 1) : 0;
    const head = `for (long ${index} = ${first}; ${index} < ${count}; ${advance}) {`;
    return [head, ...this.block(body), "}"];
  }

  private sum(base: number, { terms }: Affine, size: number): string {
    const moving = terms.filter(([i]) => !this.still.has(i));
    return [
      ...moving.map(([i, stride]) => (stride * size === 1 ? i : `${i} * ${stride * size}`)),
      ...(base || !moving.length ? [String(base)] : []),
    ].join(" + ");
  }
  private address(buffer: Buffer, at: Affine, dynamic: Dynamic | undefined): string {
    const size = bytesOf(buffer.dtype);
    const fixed = this.sum(resolve(buffer).offset! + at.base * size, at, size);
    if (!dynamic) return `arena + ${fixed}`;
    return `arena + ${fixed} + (long)${printValue(dynamic.index, this)} * ${dynamic.stride * size}`;
  }

  load(v: Value & { kind: "load" }): string {
    const address = this.address(v.buffer, v.at, v.dynamic),
      number = numberType(v.dtype);
    if (v.lanes === 1) return `*(${number}_at *)(${address})`;
    const type = typeOf(v, this.vectorBytes);
    const vector =
      v.stride === 1
        ? `*(${type}_at *)(${address})`
        : v.stride === 0
          ? `${type}_of(*(${number}_at *)(${address}))`
          : `${type}_every(${address}, ${v.stride * bytesOf(v.dtype)})`;
    // Bools are 0 and 1 in memory, and masks in lanes.
    return v.dtype === "bool" ? `(-${vector})` : vector;
  }

  private store(s: Stmt & { kind: "store" }): string {
    const type = typeOf(s.value, this.vectorBytes);
    const value = printValue(s.value, this);
    const stored = s.value.dtype === "bool" && s.value.lanes > 1 ? `-${value}` : value;
    return `*(${type}_at *)(${this.address(s.buffer, s.at, s.dynamic)}) = ${stored};`;
  }

  index(v: Value & { kind: "index" }): string {
    const first = `(int)(${this.sum(v.at.base, v.at, 1)})`;
    if (v.lanes === 1) return first;
    const all = `int_v_of(${first})`;
    if (v.stride === 0) return all;
    const ramp = Array.from({ length: v.lanes }, (_, l) => l * v.stride).join(", ");
    return `(${all} + (int_v){${ramp}})`;
  }
}

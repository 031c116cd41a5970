/**
 * Reductions that are not products of matrices: sums and maxima over some letters of any body.
 * Lanes run along the output where its last axis lies dense, else along a reduced axis, whose
 * lanes are joined at the end. The order of a sum depends on shapes alone, so results are
 * reproducible.
 */

import type { DType } from "../scalar/dtype.ts";
import { add, type Expr, lettersOf, max } from "../scalar/index.ts";
import { type Axis, addressOf, axesOf, byStride, joinAxes, type Operand } from "./axes.ts";
import { Body } from "./body.ts";
import { type Abilities, at, type Kernel, loop, type Stmt, type Value } from "./nest.ts";
import { costOf, lanesFor, type PointwiseStep } from "./pointwise.ts";
import { call, integer, lane, load, local, number, put, store } from "./values.ts";
import type { View } from "./view.ts";

export interface Reduction {
  readonly out: string;
  readonly over: readonly string[];
  readonly sizes: Readonly<Record<string, number>>;
  readonly body: Expr;
  readonly operands: readonly Operand[];
  readonly reduce: "sum" | "max";
  readonly dtype: DType;
  readonly store: View;
  /** Maps of the total as it is stored, for products; the first step is the total itself. */
  readonly steps?: readonly PointwiseStep[];
  /** Added to the total: where a sum goes on from an earlier one. */
  readonly initial?: Operand;
  readonly name: string;
}

export function reduction(r: Reduction, can: Abilities): Kernel {
  const store: Operand = { view: r.store, letters: r.out };
  const accesses = [store, ...r.operands, ...(r.initial ? [r.initial] : [])];
  const indexed = lettersOf(r.body);
  const outer = joinAxes(byStride(axesOf(r.out, r.sizes, accesses), 0), indexed);
  const over = joinAxes(densestLast(axesOf(r.over, r.sizes, accesses)), indexed);
  const lanes = lanesFor([r], [...r.operands, store], can);
  const innerOut = outer[outer.length - 1];
  const innerOver = over[over.length - 1];
  const alongOut = innerOut && innerOut.strides[0] === 1 && innerOut.size >= lanes;
  const scattered = ({ strides }: Axis) =>
    r.operands.filter((_, k) => !dense(strides[k + 1])).length;
  const alongOver =
    innerOver && innerOver.size >= lanes && scattered(innerOver) < r.operands.length;
  // Where both fit, the one that gathers fewer operands; lanes of the output need no joining.
  const preferOver = alongOver && (!alongOut || scattered(innerOver) < scattered(innerOut));
  const mode = lanes === 1 ? "scalar" : preferOver ? "over" : alongOut ? "out" : "scalar";
  const nest = new ReductionNest(r, accesses, outer, over, lanes);
  return {
    name: r.name,
    body: nest.build(mode),
    reads: accesses.slice(1).map(({ view }) => ({
      buffer: view.buffer,
      aligned: r.initial?.view === view && alike(accesses) ? "sum" : undefined,
    })),
    writes: [{ buffer: r.store.buffer, aligned: "sum" }],
    flops: [...outer, ...over].reduce((n, a) => n * a.size, 1) * (costOf(r.body) + 1),
    note: `${r.reduce} of ${r.over.map((l) => r.sizes[l]).join("×")}${r.out ? ` for each of ${[...r.out].map((l) => r.sizes[l]).join("×")}` : ""}, lanes along ${mode === "scalar" ? "nothing" : mode === "over" ? "the reduced axis" : "the output"}`,
  };
}

/** A vector along such a stride is one load. */
const dense = (stride: number): boolean => stride === 0 || stride === 1;

/** True when the last access lies as the first does. */
const alike = (accesses: readonly Operand[]): boolean => {
  const a = accesses[0],
    b = accesses[accesses.length - 1];
  return (
    a.letters === b.letters &&
    `${a.view.strides}` === `${b.view.strides}` &&
    a.view.offset.base === b.view.offset.base &&
    `${a.view.offset.terms}` === `${b.view.offset.terms}`
  );
};
const densestLast = (axes: readonly Axis[]): Axis[] =>
  [...axes].sort((a, b) => strideRank(b) - strideRank(a));
const strideRank = (a: Axis): number =>
  a.strides.slice(1).reduce((n, s) => Math.max(n, Math.abs(s)), 0);

class ReductionNest {
  private readonly r: Reduction;
  private readonly accesses: readonly Operand[];
  private readonly outer: readonly Axis[];
  private readonly over: readonly Axis[];
  private readonly lanes: number;
  constructor(
    r: Reduction,
    accesses: readonly Operand[],
    outer: readonly Axis[],
    over: readonly Axis[],
    lanes: number,
  ) {
    this.r = r;
    this.accesses = accesses;
    this.outer = outer;
    this.over = over;
    this.lanes = lanes;
  }

  build(mode: "scalar" | "out" | "over"): Stmt[] {
    const { outer, lanes } = this,
      index = outer.map((_, d) => `o${d}`);
    let body: Stmt[];
    if (mode === "out") body = this.alongOut(index);
    else body = this.point(index, 0, mode === "over" ? lanes : 1);
    const last = mode === "out" ? outer.length - 2 : outer.length - 1;
    for (let d = last; d >= 0; d--) body = loop(index[d], outer[d].size, body);
    return body;
  }

  /**
   * Lanes along the output: whole cache lines at a time, then single vectors, then single
   * elements.
   */
  private alongOut(index: readonly string[]): Stmt[] {
    const { lanes } = this,
      { size } = this.outer[this.outer.length - 1];
    const block = costOf(this.r.body) <= 6 ? 4 : 1;
    const blocks = Math.floor(size / (lanes * block)) * lanes * block;
    const vectors = Math.floor((size - blocks) / lanes) * lanes;
    const part = (name: string, start: number, count: number, width: number, many: number) =>
      loop(
        name,
        count,
        this.columns([...index.slice(0, -1), name], start, width, many),
        width * many,
      );
    return [
      ...part("ob", 0, blocks, lanes, block),
      ...part("ov", blocks, vectors, lanes, 1),
      ...part("os", blocks + vectors, size - blocks - vectors, 1, 1),
    ];
  }

  private columns(index: readonly string[], start: number, width: number, many: number): Stmt[] {
    const name = (u: number) => `acc${width}_${many}_${u}`;
    const inner: Stmt[] = [],
      before: Stmt[] = [],
      after: Stmt[] = [];
    for (let u = 0; u < many; u++) {
      const offset = start + u * width;
      before.push(this.start(name(u), width));
      inner.push(
        ...this.term(
          name(u),
          index,
          offset,
          this.over.map((_, d) => `r${d}`),
          0,
          width,
          "out",
          `c${u}_`,
        ),
      );
      after.push(...this.finish(name(u), index, offset, width));
    }
    return [...before, ...this.overLoops(inner, this.over.length), ...after];
  }

  /** One output element; `width` lanes along the last reduced axis. */
  private point(index: readonly string[], start: number, width: number): Stmt[] {
    const { over } = this;
    if (width === 1) return this.columns(index, start, 1, 1);
    const { size } = over[over.length - 1],
      vectors = Math.floor(size / width) * width;
    const block = costOf(this.r.body) <= 6 && vectors >= 4 * width ? 4 : 1;
    const blocks = Math.floor(vectors / (width * block)) * width * block;
    const names = Array.from({ length: block }, (_, u) => `acc${u}`);
    const r = over.map((_, d) => `r${d}`);
    const at = (name: string) => [...r.slice(0, -1), name];
    const inner: Stmt[] = [
      ...loop(
        "rb",
        blocks,
        names.flatMap((acc, u) =>
          this.term(acc, index, start, at("rb"), u * width, width, "over", `b${u}_`),
        ),
        width * block,
      ),
      ...(block > 1
        ? loop(
            "rv",
            vectors - blocks,
            this.term("acc0", index, start, at("rv"), blocks, width, "over", "v_"),
            width,
          )
        : []),
      ...loop(
        "rs",
        size - vectors,
        this.term("tail", index, start, at("rs"), vectors, 1, "over", "t_"),
      ),
    ];
    const joined = names.map((n) => this.local(n, width)).reduce((a, b) => this.join(a, b));
    const rest = size > vectors;
    const first = lane(this.local("joined", width), 0);
    return [
      ...names.map((n) => this.start(n, width)),
      ...(rest ? [this.start("tail", 1)] : []),
      ...this.overLoops(inner, over.length - 1),
      put("let", "joined", joined),
      ...this.halved("joined", width),
      put("let", "total", rest ? this.join(first, this.local("tail", 1)) : first),
      ...this.finish("total", index, start, 1),
    ];
  }

  /** Every lane joins the one half a vector on, a quarter, …: in the end each has all. */
  private halved(name: string, width: number): Stmt[] {
    const value = this.local(name, width);
    const out: Stmt[] = [];
    for (let by = width / 2; by >= 1; by /= 2)
      out.push(put("set", name, this.join(value, { ...value, kind: "turned", value, by })));
    return out;
  }

  private overLoops(inner: Stmt[], depth: number): Stmt[] {
    let body = inner;
    for (let d = depth - 1; d >= 0; d--) body = loop(`r${d}`, this.over[d].size, body);
    return body;
  }
  private local = (name: string, lanes: number): Value => local(name, this.r.dtype, lanes);
  private join = (a: Value, b: Value): Value => call(this.r.reduce === "sum" ? add : max, a, b);
  private start(name: string, lanes: number): Stmt {
    const { reduce, dtype } = this.r;
    // −0 + x is x, −0 too; the sum of nothing is +0.
    const nothing = this.over.some((a) => a.size === 0) || dtype === "int32" ? 0 : -0;
    const value = reduce === "sum" ? nothing : dtype === "int32" ? -(2 ** 31) : -Infinity;
    return put("let", name, number(value, dtype, lanes));
  }
  private finish(name: string, index: readonly string[], start: number, lanes: number): Stmt[] {
    const { r, outer } = this,
      k = this.accesses.length - 1;
    const inner = outer[outer.length - 1],
      shift = (a: number) => (inner ? start * inner.strides[a] : 0);
    const total = this.local(name, lanes);
    const before =
      r.initial &&
      load(
        r.initial.view,
        addressOf(r.initial, k, outer, index, shift(k)),
        inner ? inner.strides[k] : 0,
        lanes,
      );
    const where = addressOf(this.accesses[0], 0, outer, index, shift(0));
    return [store(r.store, where, before ? this.join(before, total) : total)];
  }

  /** acc ∘= body at one place; lanes along the output's or the reduced axes' last. */
  private term(
    acc: string,
    index: readonly string[],
    start: number,
    r: readonly string[],
    rest: number,
    width: number,
    lanesAlong: "out" | "over",
    prefix: string,
  ): Stmt[] {
    const { outer, over } = this,
      out = new Body(width, `${prefix}${acc}_`);
    const axes = [...outer, ...over],
      names = [...index, ...r];
    const lastOut = outer[outer.length - 1],
      lastOver = over[over.length - 1];
    const along = lanesAlong === "out" ? lastOut : lastOver;
    const slots = this.r.operands.map((o, i): Value => {
      const k = i + 1;
      const shift =
        (lastOut ? start * lastOut.strides[k] : 0) + (lastOver ? rest * lastOver.strides[k] : 0);
      const where = addressOf(o, k, axes, names, shift);
      return out.load(load(o.view, where, along ? along.strides[k] : 0, width), `load ${k}`);
    });
    const indexOf = (letter: string): Value => {
      const d = axes.findIndex((a) => a.letters === letter);
      if (d < 0) return integer(at(0), 0, width);
      const plus = axes[d] === lastOut ? start : axes[d] === lastOver ? rest : 0;
      return integer(at(plus, [names[d], 1]), axes[d] === along ? 1 : 0, width);
    };
    const value = out.value(this.r.body, { slots, index: indexOf }, this.r.dtype);
    return [...out.statements, put("set", acc, this.join(this.local(acc, width), value))];
  }
}

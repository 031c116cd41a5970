/** Ops whose addresses are data: gather, its ordered transpose, and the k largest. */

import { bytesOf } from "../scalar/dtype.ts";
import {
  add,
  and,
  constant,
  equal,
  greater,
  index,
  less,
  max,
  min,
  or,
  select,
  slot,
} from "../scalar/index.ts";
import type { Node } from "../tensor/tensor.ts";
import { Body, type Sources } from "./body.ts";
import { type Affine, at, loop, loops, plusTerms, type Stmt, type Value } from "./nest.ts";
import type { Places } from "./places.ts";
import { integer, load, local, number, put, store } from "./values.ts";
import type { View } from "./view.ts";

export function emitIndexed(l: Places, node: Node): void {
  l.flush();
  if (node.op.name === "topK") topK(l, node);
  else rows(l, node, node.op.name === "gather");
}

/** Address of a view with one loop per axis; an axis without a name is not moved along. */
const address = (v: View, names: readonly (string | undefined)[], base = 0): Affine =>
  plusTerms(
    v.offset,
    names.flatMap((name, d) => (name ? [[name, v.strides[d]] as const] : [])),
    base,
  );
const namesOf = (letter: string, axes: readonly unknown[]): string[] =>
  axes.map((_, d) => `${letter}${d}`);
/** The values that a body is made of; it is read along no letter but that of the loop "i". */
const from = (...slots: Value[]): Sources => ({
  slots,
  index: () => integer(at(0, ["i", 1])),
});

/** One row moved (gather) or added (scatterAdd) per index; indices out of range are clamped. */
function rows(l: Places, node: Node<{ batch: number }>, gathers: boolean): void {
  const { batch } = node.attrs;
  const [given, indices] = node.args.map((t) => l.view(t));
  const out = l.destination(node);
  // The table is indexed; the list has one row per index.
  const [table, list] = gathers ? [given, out] : [out, given];
  const count = table.shape[batch];
  const row = table.shape.slice(batch + 1);
  const [around, within] = [namesOf("g", indices.shape), namesOf("r", row)];
  if (!gathers) l.write(out, "fill", constant(0));

  const head = new Body(1, "row");
  const which = head.load(load(indices, address(indices, around), 1, 1), "index");
  const held = head.value(min(max(slot(0), 0), count - 1), from(which), "int32");
  const dynamic = { index: held, stride: table.strides[batch], count };
  /** One vector of a row, with the loop over its last axis named `last` and begun at `start`. */
  const move = (lanes: number, last?: string, start = 0): Stmt[] => {
    const names = last ? within.with(-1, last) : within;
    const place = (v: View, outer: readonly (string | undefined)[]) =>
      address(v, [...outer, ...names], start * (v.strides.at(-1) ?? 0));
    const [inTable, inList] = [
      place(table, [...around.slice(0, batch), undefined]),
      place(list, around),
    ];
    const read = load(table, inTable, 1, lanes, dynamic);
    if (gathers) return [store(list, inList, read)];
    const body = new Body(lanes, `sum${lanes}_`);
    const values = from(read, load(list, inList, 1, lanes));
    const value = body.value(add(slot(0), slot(1)), values, out.buffer.dtype);
    return [...body.statements, store(table, inTable, value, dynamic)];
  };
  const size = row.at(-1);
  const dense = table.strides.at(-1) === 1 && list.strides.at(-1) === 1;
  const lanes = l.w.can.vectorBytes / bytesOf(out.buffer.dtype);
  const vectors = size && dense ? size - (size % lanes) : 0;
  const inner =
    size === undefined
      ? move(1)
      : loops("r", row.slice(0, -1), [
          ...loop("v", vectors, move(lanes, "v"), lanes),
          ...loop("s", size - vectors, move(1, "s", vectors)),
        ]);
  const body = loops("g", indices.shape, [...head.statements, ...inner]);
  l.setPlace(node, 0, out);
  if (count === 0 || body.length === 0) return;
  const reads = [given, indices, ...(gathers ? [] : [out])];
  l.w.emit({
    name: node.op.name,
    body,
    flops: gathers ? 0 : node.outputs[0].shape.length,
    reads: reads.map(({ buffer }) => ({ buffer })),
    writes: [{ buffer: out.buffer }],
    note: gathers ? "rows picked by index" : "rows added by index, in order",
  });
}

/**
 * The k largest of each row by repeated selection: place j takes the best element that comes after
 * place j − 1 in the order (value descending, index ascending). NaN counts as the smallest.
 */
function topK(l: Places, node: Node<{ k: number }>): void {
  const x = l.view(node.args[0]),
    values = l.destination(node, 0, "topK"),
    picks = l.destination(node, 1, "topK");
  const { dtype } = x.buffer,
    n = x.shape[x.shape.length - 1],
    outer = x.shape.slice(0, -1),
    names = namesOf("o", outer);
  const isInt = dtype === "int32";
  const [best, bestAt] = [local("best", dtype), local("bestAt", "int32")];

  const one = new Body(1, "x");
  const element = one.load(load(x, address(x, [...names, "i"]), 1, 1), "element");
  const seen = from(element, local("last", dtype), local("lastAt", "int32"), best, bestAt);
  const low = isInt ? -(2 ** 31) : -Infinity;
  const v = isInt ? slot(0) : select(equal(slot(0), slot(0)), slot(0), low);
  const i = index("i");
  const after = or(less(v, slot(1)), and(equal(v, slot(1)), greater(i, slot(2))));
  const better = and(after, or(greater(v, slot(3)), less(slot(4), 0)));
  const next = one.value(select(better, v, slot(3)), seen, dtype);
  const nextAt = one.value(select(better, i, slot(4)), seen, "int32");

  const dynamic = { index: bestAt, stride: x.strides[x.strides.length - 1], count: n };
  const inPlace = (v: View) => address(v, [...names, "j0"]);
  const place: Stmt[] = [
    put("let", "best", number(low, dtype)),
    put("let", "bestAt", number(-1, "int32")),
    ...loop("i", n, [...one.statements, put("set", "best", next), put("set", "bestAt", nextAt)]),
    store(values, inPlace(values), load(x, address(x, names), 1, 1, dynamic)),
    store(picks, inPlace(picks), bestAt),
    put("set", "last", best),
    put("set", "lastAt", bestAt),
  ];
  const body = loops("o", outer, [
    put("let", "last", number(isInt ? 2 ** 31 - 1 : Infinity, dtype)),
    put("let", "lastAt", number(-1, "int32")),
    ...loops("j", [node.attrs.k], place),
  ]);
  l.setPlace(node, 0, values);
  l.setPlace(node, 1, picks);
  l.w.emit({
    name: "topK",
    body,
    flops: 0,
    reads: [{ buffer: x.buffer }],
    writes: [{ buffer: values.buffer }, { buffer: picks.buffer }],
    note: `the ${node.attrs.k} largest of ${n}`,
  });
}

/** Ops whose addresses are data: gather, its ordered transpose, and the k largest. */

import type { DType } from "../scalar/dtype.ts";
import { bytesOf } from "../scalar/dtype.ts";
import { scalars } from "../scalar/index.ts";
import type { Node } from "../tensor/tensor.ts";
import { fill } from "./copies.ts";
import { type Affine, at, loop, plusTerms, type Stmt, type Value } from "./nest.ts";
import type { Places } from "./places.ts";
import type { View } from "./view.ts";

export function emitIndexed(l: Places, node: Node): void {
  l.flush();
  if (node.op.name === "gather") rows(l, node, "gather");
  else if (node.op.name === "scatterAdd") rows(l, node, "scatterAdd");
  else if (node.op.name === "topK") topK(l, node);
  else throw new Error(`no rule computes ${node.op.name}`);
}

const call = (name: string, dtype: DType, ...args: Value[]): Value => ({
  kind: "call",
  fn: scalars.get(name)!,
  args,
  dtype,
  lanes: args[0].lanes,
});
const number = (value: number, dtype: DType, lanes = 1): Value => ({
  kind: "number",
  value,
  dtype,
  lanes,
});
const local = (name: string, dtype: DType, lanes = 1): Value => ({
  kind: "local",
  name,
  dtype,
  lanes,
});

/** Address of a view with one loop per axis. */
const addressIn = (v: View, index: readonly string[]): Affine =>
  plusTerms(
    v.offset,
    index.map((i, d) => [i, v.strides[d]] as const),
  );

/** One row moved (gather) or added (scatterAdd) per index; indices out of range are clamped. */
function rows(
  l: Places,
  node: Node<{ batch: number; size?: number }>,
  kind: "gather" | "scatterAdd",
): void {
  const { batch } = node.attrs,
    gathers = kind === "gather";
  const [a, b] = node.args.map((t) => l.view(t));
  const out = l.destination(node),
    indices = b;
  // The table is indexed; the list has one row per index.
  const [table, list] = gathers ? [a, out] : [out, a];
  const count = table.shape[batch],
    stride = table.strides[batch];
  const outer = indices.shape.map((_, d) => `g${d}`),
    rest = table.shape.slice(batch + 1).map((_, d) => `r${d}`);
  const which: Value = {
    kind: "load",
    buffer: indices.buffer,
    at: addressIn(indices, outer),
    stride: 0,
    dtype: "int32",
    lanes: 1,
  };
  const clamped = call(
    "min",
    "int32",
    call("max", "int32", which, number(0, "int32")),
    number(count - 1, "int32"),
  );
  const dynamic = { index: local("row", "int32"), stride, count };
  const { dtype } = out.buffer;
  if (!gathers) fill(l, out, 0);
  const lanes = l.w.can.vectorBytes / bytesOf(dtype);
  const inRow = { shape: table.shape.slice(batch + 1), strides: table.strides.slice(batch + 1) };
  const last = rest.length - 1;
  const dense =
    last >= 0 && inRow.strides[last] === 1 && list.strides[list.strides.length - 1] === 1;
  const move = (width: number, start: number, names: readonly string[]): Stmt[] => {
    const tableAt = plusTerms(
      table.offset,
      [
        ...outer.slice(0, batch).map((i, d) => [i, table.strides[d]] as const),
        ...names.map((i, d) => [i, inRow.strides[d]] as const),
      ],
      start * (inRow.strides[last] ?? 0),
    );
    const listAt = plusTerms(
      addressIn({ ...list, strides: list.strides.slice(0, outer.length) }, outer),
      names.map((i, d) => [i, list.strides[outer.length + d]] as const),
      start * (list.strides[outer.length + last] ?? 0),
    );
    const read = (v: View, where: Affine, moves: boolean): Value => ({
      kind: "load",
      buffer: v.buffer,
      at: where,
      stride: 1,
      dtype,
      lanes: width,
      dynamic: moves ? dynamic : undefined,
    });
    return gathers
      ? [{ kind: "store", buffer: out.buffer, at: listAt, value: read(table, tableAt, true) }]
      : [
          {
            kind: "store",
            buffer: out.buffer,
            at: tableAt,
            dynamic,
            value: call("add", dtype, read(table, tableAt, true), read(list, listAt, false)),
          },
        ];
  };
  let inner: Stmt[];
  if (last < 0) inner = move(1, 0, []);
  else {
    const size = inRow.shape[last],
      vectors = dense ? Math.floor(size / lanes) * lanes : 0;
    inner = [
      ...loop("v", vectors, move(lanes, 0, [...rest.slice(0, -1), "v"]), lanes),
      ...loop("s", size - vectors, move(1, vectors, [...rest.slice(0, -1), "s"])),
    ];
    for (let d = last - 1; d >= 0; d--) inner = loop(rest[d], inRow.shape[d], inner);
  }
  let body: Stmt[] = [{ kind: "let", name: "row", value: clamped }, ...inner];
  for (let d = outer.length - 1; d >= 0; d--) body = loop(outer[d], indices.shape[d], body);
  l.setPlace(node, 0, out);
  if (count === 0 || body.length === 0) return;
  l.w.emit({
    name: kind,
    body,
    flops: gathers ? 0 : node.outputs[0].shape.length,
    reads: [
      { buffer: a.buffer },
      { buffer: b.buffer },
      ...(gathers ? [] : [{ buffer: out.buffer }]),
    ],
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
    outer = x.shape.slice(0, -1).map((_, d) => `o${d}`);
  const low = dtype === "int32" ? -(2 ** 31) : -Infinity,
    int = (v: number) => number(v, "int32");
  const element: Value = {
    kind: "load",
    buffer: x.buffer,
    at: addressIn(x, [...outer, "i"]),
    stride: 0,
    dtype,
    lanes: 1,
  };
  const v = local("v", dtype),
    i: Value = { kind: "index", at: at(0, ["i", 1]), stride: 0, dtype: "int32", lanes: 1 };
  const [best, bestAt, last, lastAt] = [
    local("best", dtype),
    local("bestAt", "int32"),
    local("last", dtype),
    local("lastAt", "int32"),
  ];
  const or = (a: Value, b: Value) => call("or", "bool", a, b),
    and = (a: Value, b: Value) => call("and", "bool", a, b);
  const after = or(
    call("less", "bool", v, last),
    and(call("equal", "bool", v, last), call("greater", "bool", i, lastAt)),
  );
  const better = and(
    after,
    or(call("greater", "bool", v, best), call("less", "bool", bestAt, int(0))),
  );
  const clean =
    dtype === "int32"
      ? element
      : call(
          "select",
          dtype,
          call("equal", "bool", local("raw", dtype), local("raw", dtype)),
          local("raw", dtype),
          number(low, dtype),
        );
  const scan: Stmt[] = [
    ...(dtype === "int32" ? [] : [{ kind: "let", name: "raw", value: element } as const]),
    { kind: "let", name: "v", value: clean },
    { kind: "let", name: "better", value: better },
    { kind: "set", name: "best", value: call("select", dtype, local("better", "bool"), v, best) },
    {
      kind: "set",
      name: "bestAt",
      value: call("select", "int32", local("better", "bool"), i, bestAt),
    },
  ];
  const picked: Value = {
    kind: "load",
    buffer: x.buffer,
    at: addressIn({ ...x, strides: x.strides.slice(0, -1) }, outer),
    stride: 0,
    dtype,
    lanes: 1,
    dynamic: { index: bestAt, stride: x.strides[x.strides.length - 1], count: n },
  };
  const place: Stmt[] = [
    { kind: "let", name: "best", value: number(low, dtype) },
    { kind: "let", name: "bestAt", value: int(-1) },
    ...loop("i", n, scan),
    { kind: "store", buffer: values.buffer, at: addressIn(values, [...outer, "j"]), value: picked },
    { kind: "store", buffer: picks.buffer, at: addressIn(picks, [...outer, "j"]), value: bestAt },
    { kind: "set", name: "last", value: best },
    { kind: "set", name: "lastAt", value: bestAt },
  ];
  let body: Stmt[] = [
    { kind: "let", name: "last", value: number(dtype === "int32" ? 2 ** 31 - 1 : Infinity, dtype) },
    { kind: "let", name: "lastAt", value: int(-1) },
    ...loop("j", node.attrs.k, place),
  ];
  for (let d = outer.length - 1; d >= 0; d--) body = loop(outer[d], x.shape[d], body);
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

/**
 * Householder's factorisation as a kernel: a mirror for each column clears what is below the
 * diagonal; Q is the product of the mirrors.
 */
import { lettersOfRank } from "../ops/axes.ts";
import {
  abs,
  constant,
  div,
  equal,
  greater,
  index,
  mul,
  neg,
  select,
  sqrt,
  sub,
} from "../scalar/index.ts";
import { type Node, sizeOf } from "../tensor/tensor.ts";
import {
  alongRow,
  backwards,
  by,
  copied,
  emitInPlace,
  Matrix,
  multiplyAdd,
  stacked,
} from "./matrixLoops.ts";
import { type Affine, at, loop, loopFrom, loops, type Stmt, type Value } from "./nest.ts";
import type { Places } from "./places.ts";
import { call, local, number, put, splat } from "./values.ts";

/**
 * Q and R: the mirror of each step is kept where its column was. The sign of a mirror is chosen so
 * that nothing cancels; rows of R and columns of Q are turned where its diagonal is negative.
 */
export function emitQr(l: Places, node: Node): void {
  l.flush();
  const given = l.view(node.args[0]);
  const [Q, R] = [l.destination(node, 0, "Q"), l.destination(node, 1, "R")];
  const [m, n] = given.shape.slice(-2);
  const letters = lettersOfRank(Q.shape.length);
  const [i, j] = [index(letters[letters.length - 2]), index(letters[letters.length - 1])];
  const work = copied(l, given, "mirrors");
  l.write(Q, "eye", select(equal(i, j), 1, 0), [], letters);
  l.write(R, "fill", constant(0));
  const { shape, names } = stacked(Q);
  // Per column: what a mirror is scaled by, and the sign.
  const kept = l.w.allocate([...shape, 2, n], Q.buffer.dtype, "scales and signs");
  const matrices = [work, Q, R, kept].map((view) => new Matrix(view, names));
  const body = loops("o", shape, [
    ...mirrorColumns(matrices, m, n),
    ...mirrorBack(matrices, m, n, l.w.can.vectorBytes),
  ]);
  l.setPlace(node, 0, Q);
  l.setPlace(node, 1, R);
  if (Q.shape.includes(0)) return;
  const flops = sizeOf(shape) * n * n * (4 * m - (4 / 3) * n);
  const note = `${n} mirrors of ${m}`;
  emitInPlace(l, "qr", body, { work: [work, Q, R], own: [kept], flops, note });
}

/** Columns of `x` cleared below the diagonal, one after the other; R takes their rows. */
function mirrorColumns([x, , R, kept]: Matrix[], m: number, n: number): Stmt[] {
  const { dtype } = x;
  const own = (name: string): Value => local(name, dtype);
  const [k, i, j] = [by("k"), by("i"), by("j")];
  const one = number(1, dtype);
  const isAbove = call(greater, own("first"), number(0, dtype));
  return loop("k", n, [
    put("let", "square", number(0, dtype)),
    ...loopFrom(k, "i", m, [
      put("set", "square", multiplyAdd(x.load(i, k), x.load(i, k), own("square"))),
    ]),
    put("let", "norm", call(sqrt, own("square"))),
    put("let", "first", x.load(k, k)),
    put("let", "sign", call(select, isAbove, number(-1, dtype), one)),
    // Half of the squared length of the mirror.
    put("let", "half", multiplyAdd(call(abs, own("first")), own("norm"), own("square"))),
    put("let", "isFlat", call(equal, own("half"), number(0, dtype))),
    put(
      "let",
      "scale",
      call(select, local("isFlat", "bool"), number(0, dtype), call(div, one, own("half"))),
    ),
    x.store(k, k, call(sub, own("first"), call(mul, own("sign"), own("norm")))),
    R.store(k, k, own("norm")),
    kept.store(at(0), k, own("scale")),
    kept.store(at(1), k, own("sign")),
    ...loopFrom(by("k", 1), "j", n, [
      ...reflected(x, k, x, j, own("scale"), m),
      R.store(k, j, call(mul, own("sign"), x.load(k, j))),
    ]),
  ]);
}

/** Column `j` of `to` in the mirror that is column `k` of `x`, in lanes. */
function reflected(
  x: Matrix,
  k: Affine,
  to: Matrix,
  j: Affine,
  scale: Value,
  m: number,
  lanes = 1,
): Stmt[] {
  const { dtype } = x;
  const i = by("i");
  const product = local("product", dtype, lanes);
  return [
    put("let", "product", splat(number(0, dtype), lanes)),
    ...loopFrom(k, "i", m, [
      put("set", "product", multiplyAdd(x.load(i, k), to.load(i, j, lanes), product)),
    ]),
    put("let", "moved", call(mul, product, splat(call(neg, scale), lanes))),
    ...loopFrom(k, "i", m, [
      to.store(i, j, multiplyAdd(x.load(i, k), local("moved", dtype, lanes), to.load(i, j, lanes))),
    ]),
  ];
}

/** Q: the identity in all mirrors, the last one first; then its columns are turned. */
function mirrorBack([x, Q, , kept]: Matrix[], m: number, n: number, bytes: number): Stmt[] {
  const { dtype } = x;
  const k = backwards("k", n);
  const lanes = Q.lanes(bytes);
  return [
    ...loop("k", n, [
      put("let", "scale", kept.load(at(0), k)),
      ...alongRow(n, lanes, (j, width) => reflected(x, k, Q, j, local("scale", dtype), m, width)),
    ]),
    ...loop(
      "i",
      m,
      alongRow(n, lanes, (j, width) => [
        Q.store(by("i"), j, call(mul, Q.load(by("i"), j, width), kept.load(at(1), j, width))),
      ]),
    ),
  ];
}

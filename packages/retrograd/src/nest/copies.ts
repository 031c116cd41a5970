/** Ops that move elements and no more: padding and concatenation. */
import { constant } from "../scalar/index.ts";
import { type Node, sizeOf } from "../tensor/tensor.ts";
import type { Places } from "./places.ts";
import { pointwise } from "./pointwise.ts";
import { sliceView, type View } from "./view.ts";

export function emitCopyOp(l: Places, node: Node): void {
  l.flush();
  const out = l.destination(node);
  if (node.op.name === "pad") pad(l, node, out);
  else concatenate(l, node, out);
  l.setPlace(node, 0, out);
}

function pad(
  l: Places,
  node: Node<{ low: number[]; high: number[]; interior: number[] }>,
  out: View,
): void {
  const { low, interior } = node.attrs,
    [x] = node.args;
  fill(l, out, 0);
  if (x.size > 0)
    l.copyInto(
      x,
      sliceView(
        out,
        low,
        x.shape,
        interior.map((n) => n + 1),
      ),
    );
}

/** Parts that could not be computed in place are copied there. */
function concatenate(l: Places, node: Node<{ axis: number }>, out: View): void {
  let start = 0;
  for (const part of node.args) {
    const starts = out.shape.map((_, i) => (i === node.attrs.axis ? start : 0));
    l.copyInto(
      part,
      sliceView(
        out,
        starts,
        part.shape,
        starts.map(() => 1),
      ),
    );
    start += part.shape[node.attrs.axis];
  }
}

export function fill(l: Places, view: View, value: number): void {
  if (sizeOf(view.shape) === 0) return;
  const letters = "abcdefghijklmnopqrstuvwxyz".slice(0, view.shape.length);
  const sizes = Object.fromEntries([...letters].map((x, i) => [x, view.shape[i]]));
  const step = {
    body: constant(value),
    operands: [],
    dtype: view.buffer.dtype,
    stores: [view],
    name: "fill",
  };
  l.w.emit(pointwise({ letters, sizes, steps: [step] }, l.w.can));
}

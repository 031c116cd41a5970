/** Ops that move elements and no more: padding and concatenation. */
import type { PadAttrs } from "../ops/slice.ts";
import { constant } from "../scalar/index.ts";
import type { Node } from "../tensor/tensor.ts";
import { concatenated, type Places } from "./places.ts";
import { sliceView, type View } from "./view.ts";

export function emitCopyOp(l: Places, node: Node): void {
  l.flush();
  const out = l.destination(node);
  if (node.op.name === "pad") pad(l, node, out);
  // Parts that could not be computed in place are copied there.
  else for (const [part, place] of concatenated(node, out)) l.copyInto(part, place);
  l.setPlace(node, 0, out);
}

function pad(l: Places, node: Node<PadAttrs>, out: View): void {
  const { low, interior } = node.attrs,
    [x] = node.args;
  l.write(out, "fill", constant(0));
  const steps = interior.map((n) => n + 1);
  if (x.size > 0) l.copyInto(x, sliceView(out, low, x.shape, steps));
}

/**
 * Sums over shards. They are made in place: a tensor that nobody else reads is computed right
 * where it will be added up, any other is copied there, because its own value is still needed.
 */
import { type Node, sizeOf } from "../tensor/tensor.ts";
import type { Places } from "./places.ts";
import type { View } from "./view.ts";

/** The places of the sums, to be asked for before anything is computed. */
export function reserveSums(l: Places, node: Node): View[] {
  return node.args.map((t) => {
    const place = l.w.allocate(t.shape, t.dtype, `sum of ${t.name ?? t.node.attrs?.name ?? "it"}`);
    if (l.isOnlyRead(t)) l.place(t, place);
    return place;
  });
}

export function emitCollective(l: Places, node: Node, sums: readonly View[]): void {
  l.flush();
  node.args.forEach((t, k) => sizeOf(t.shape) > 0 && l.copyInto(t, sums[k]));
  const buffers = sums.map((v) => v.buffer).filter((b) => b.length > 0);
  if (buffers.length) l.w.collective(buffers);
  sums.forEach((sum, k) => {
    const wanted = l.wantedView(node, k);
    if (wanted) l.copyView(sum, wanted);
    l.setPlace(node, k, wanted ?? sum);
  });
}

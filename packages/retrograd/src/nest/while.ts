/** A loop that data end: at each turn its condition is computed into a flag, which ends it. */
import type { While } from "../loops/while.ts";
import type { Node } from "../tensor/tensor.ts";
import { moveStates } from "./control.ts";
import type { Places } from "./places.ts";
import { whole } from "./view.ts";

export function emitWhile(l: Places, node: Node<While>): void {
  l.flush();
  const { condition, body, states } = node.attrs,
    { w } = l;
  const first = node.args.slice(0, states),
    params = node.args.slice(states).map((t) => l.view(t));
  const places = first.map((t, k) => {
    const place = l.wantedView(node, k) ?? w.allocate(t.shape, t.dtype, "state");
    Object.assign(place.buffer, { depth: w.depth + 1 });
    l.copyInto(t, place);
    return place;
  });
  const flag = w.buffer([], "bool", "condition", { depth: w.depth + 1 });
  const test = w.inner(() => l.step(w, condition, [...places, ...params], [whole(flag, [])]));
  const turn = w.inner(() => {
    const next = l.step(
      w,
      body,
      [...places, ...params],
      first.map((t) => w.allocate(t.shape, t.dtype, "next")),
    );
    moveStates(
      l,
      next.map((from, k) => ({ from, to: places[k] })),
    );
  });
  w.push({ kind: "while", condition: test, flag, body: turn });
  places.forEach((p, k) => l.setPlace(node, k, p));
}

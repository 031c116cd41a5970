/**
 * A memory of the last moments: moment p lies at place p mod its length, so that a new one takes
 * the place of the oldest and nothing else moves. Where the order matters, it is put in order.
 */
import { map } from "../../ops/map.ts";
import { take } from "../../ops/take.ts";
import {
  add,
  div,
  type Expr,
  equal,
  floor,
  index,
  mul,
  select,
  slot,
  sub,
  toFloat64,
  toInt32,
} from "../../scalar/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** Whole numbers modulo `length`, in 0 … length − 1 also for negative ones; exact to 2³¹. */
const wrapped = (e: Expr, length: number): Expr =>
  sub(e, mul(toInt32(floor(div(toFloat64(e), length))), length));

/**
 * The memory [length, …] with moment `count` in it.
 * @param now    what is remembered of that moment, […]
 * @param count  moments before it, an int32 scalar
 */
export function remembering(memory: Tensor, now: Tensor, count: Tensor): Tensor {
  const [length, ...rest] = memory.shape;
  const inner = "abcdefg".slice(0, rest.length);
  const place = map("->", wrapped(slot(0), length), [count], { name: "place" });
  const body = select(equal(index("u"), slot(2)), slot(1), slot(0));
  return map(`u${inner},${inner},->u${inner}`, body, [memory, now, place], { name: "remember" });
}

/** The memory [length, …] before moment `count`, oldest first. */
export function inOrder(memory: Tensor, count: Tensor): Tensor {
  const length = memory.shape[0];
  const places = wrapped(add(slot(0), index("u")), length);
  return take(memory, map("->u", places, [count], { sizes: { u: length }, name: "places" }));
}

/**
 * The memory before moment `count`, made of moments in order.
 * @param moments  [length + n, …]: at the place i moment first + i
 * @param count    an int32 scalar, first + length … first + length + n
 * @param first    the moment that comes first, an int32 scalar; negative before the memory was full
 */
export function asRing(moments: Tensor, length: number, count: Tensor, first: Tensor): Tensor {
  const newest = sub(slot(0), 1);
  const behind = wrapped(sub(newest, index("u")), length);
  const places = sub(sub(newest, behind), slot(1));
  return take(
    moments,
    map(",->u", places, [count, first], { sizes: { u: length }, name: "places" }),
  );
}

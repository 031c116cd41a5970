/** int32 wraps on every target as it does in the reference, in constants too. */
import { map, scalar } from "retrograd";
import { expect, test } from "vitest";
import { trace } from "../../src/tensor/graph.ts";
import { expectSame, reference } from "./targets.ts";

const { add, less, max, mul, select, slot, sub } = scalar;
const last = 2 ** 31 - 1;
const first = -(2 ** 31);
const data = [Int32Array.of(0, 1, -1, 7, last, first)];

const bodies = {
  "x · −1": mul(slot(0), -1),
  "−1 · x": mul(-1, slot(0)),
  "x + 1": add(slot(0), 1),
  "x · x": mul(slot(0), slot(0)),
  "constants that overflow": add(slot(0), add(last, 1)),
  "a product of constants": mul(slot(0), mul(65536, 65537)),
  "a comparison with them": select(less(slot(0), sub(first, 1)), 1, max(slot(0), mul(last, 3))),
};

test.each(Object.entries(bodies))("%s", (_, body) => {
  const graph = trace([{ shape: [6], dtype: "int32" }], (x) => [map("i->i", body, [x])]);
  expectSame(graph, { data });
  for (const y of reference(graph, data)[0]) expect(y).toBe(y | 0);
});

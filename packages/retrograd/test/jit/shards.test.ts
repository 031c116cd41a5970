/** Shards: parts of the rows on threads of their own give what one program gives for all rows. */
import { allReduce, grad, jit, resident, scan, type Tensor, tensor, zeros } from "retrograd";
import { describe, expect, test } from "vitest";
import "../../src/node/index.ts";
import { targetNamed } from "../../src/jit/target.ts";
import { fromFloat64 } from "../../src/tensor/tensor.ts";
import { numbers } from "../derivatives.ts";

type Name = "wasm" | "native" | "reference";
const native =
  targetNamed("wasm") &&
  (() => {
    try {
      return [targetNamed("native").name as Name];
    } catch {
      console.warn("native is left out: there is no C compiler, or no koffi");
      return [];
    }
  })();
const names: Name[] = ["reference", "wasm", ...native];

const draw = numbers(7);
const random = (...shape: number[]): Tensor =>
  fromFloat64(draw(shape.reduce((a, b) => a * b, 1)), { shape, dtype: "float32" });
const close = (a: Tensor, b: Tensor, digits = 5) => {
  expect(a.shape).toEqual(b.shape);
  a.data.forEach((x, i) => expect(x).toBeCloseTo(b.data[i], digits));
};

interface Params {
  W: Tensor;
  U: Tensor;
}
const loss = ({ W, U }: Params, x: Tensor): Tensor =>
  scan(
    (h: Tensor, now: Tensor) => ({ state: h.dot(W).add(now.dot(U)).tanh() }),
    zeros([x.shape[0], W.shape[0]]),
    x.swapAxes(0, 1),
  )
    .state.square()
    .sum();

describe.each(names)("%s", (target) => {
  test.each([1, 2, 3])("%i shards: sums over rows, and rows that come back", (count) => {
    const params = { W: random(5, 5), U: random(3, 5) };
    const x = random(6, 4, 3);
    const step = (p: Params, rows: Tensor) => ({
      grads: allReduce(grad((q: Params) => loss(q, rows))(p)),
      doubled: rows.mul(2),
      own: rows.sum(),
    });
    const sharded = jit(step, {
      target,
      shards: {
        count,
        inputs: [null, 0],
        outputs: { grads: null, doubled: 0, own: null },
      },
    });
    const want = step(params, x);
    const got = sharded(params, x);
    close(got.grads.W, want.grads.W);
    close(got.grads.U, want.grads.U);
    close(got.doubled, want.doubled);
    close(got.own, x.slice([0, 6 / count]).sum());
    expect([...sharded(params, x).grads.W.data]).toEqual([...got.grads.W.data]);
  });

  test("a value that is added up and also read on its own", () => {
    const f = jit(
      (x: Tensor) => {
        const own = x.mul(3);
        const [sum, moved] = allReduce([own, own.reshape([3, 1])]);
        return { sum, moved, own, both: own.add(sum), constant: allReduce(tensor(1)) };
      },
      {
        target,
        shards: {
          count: 2,
          inputs: [0],
          outputs: { sum: null, moved: null, own: 0, both: 0, constant: null },
        },
      },
    );
    const out = f(tensor([1, 2, 3, 10, 20, 30]));
    expect(out.sum.toArray()).toEqual([33, 66, 99]);
    expect(out.moved.toArray()).toEqual([[33], [66], [99]]);
    expect(out.own.toArray()).toEqual([3, 6, 9, 30, 60, 90]);
    expect(out.both.toArray()).toEqual([36, 72, 108, 63, 126, 189]);
    expect(out.constant.item()).toBe(2);
  });

  test("residents: parameters whole, states by rows", () => {
    const run = resident(
      ({ w, h }: { w: Tensor; h: Tensor }, x: Tensor) => {
        const next = h.mul(w).add(x);
        return [{ w: w.add(allReduce(next.sum())), h: next }, { next }];
      },
      { w: tensor(0.5), h: tensor([1, 2, 3, 4]) },
      { target, shards: { count: 2, inputs: [{ w: null, h: 0 }, 0], outputs: 0 } },
    );
    expect(run.call(tensor([1, 0, 1, 0])).next.toArray()).toEqual([1.5, 1, 2.5, 2]);
    expect(run.read().w.item()).toBe(7.5);
    expect(run.read().h.toArray()).toEqual([1.5, 1, 2.5, 2]);
    run.write({ w: tensor(2), h: tensor([1, 1, 2, 2]) });
    run.call(zeros([4]));
    expect(run.read().w.item()).toBe(14);
  });
});

/** resident: the state stays in the program, and moves on exactly as in the functional version. */
import { grad, resident, scan, type Tensor, tensor, zeros } from "retrograd";
import { describe, expect, test } from "vitest";
import { fromFloat64 } from "../../src/tensor/tensor.ts";
import { numbers } from "../derivatives.ts";
import { targets } from "../targets/targets.ts";

type Name = "wasm" | "reference";
const near = (a: Tensor, b: Tensor, digits = 5) => {
  expect(a.shape).toEqual(b.shape);
  a.data.forEach((x, i) => expect(x).toBeCloseTo(b.data[i], digits));
};
const draw = numbers(3);
const random = (...shape: number[]): Tensor =>
  fromFloat64(draw(shape.reduce((a, b) => a * b, 1)), { shape, dtype: "float32" });

interface Carry {
  p: { W: Tensor; b: Tensor };
  m: { W: Tensor; b: Tensor };
  count: Tensor;
}
/** A step of momentum: every carried value is read after the new one could be written. */
function train(
  { p, m, count }: Carry,
  x: Tensor,
  y: Tensor,
): [Carry, { loss: Tensor; was: Tensor }] {
  const loss = (q: Carry["p"]) => x.dot(q.W).add(q.b).tanh().sub(y).square().mean();
  const g = grad(loss)(p);
  const W = m.W.mul(0.9).add(g.W);
  const b = m.b.mul(0.9).add(g.b);
  const next = { W: p.W.sub(W.mul(0.1)), b: p.b.sub(b.mul(0.1)) };
  return [
    { p: next, m: { W, b }, count: count.add(1) },
    { loss: loss(p), was: p.W.sum() },
  ];
}
const carry = (): Carry => ({
  p: { W: random(3, 2), b: random(2) },
  m: { W: zeros([3, 2]), b: zeros([2]) },
  count: tensor(0, { dtype: "int32" }),
});

describe.each([...targets, "reference"] as Name[])("%s", (target) => {
  test("many steps equal the functional version", () => {
    let want = carry();
    const run = resident(train, want, { target });
    for (let i = 0; i < 20; i++) {
      const [x, y] = [random(4, 3), random(4, 2)];
      const { loss, was } = run.call(x, y);
      const [next, out] = train(want, x, y);
      near(loss, out.loss);
      near(was, out.was);
      want = next;
    }
    const got = run.read();
    near(got.p.W, want.p.W);
    near(got.m.b, want.m.b);
    expect(got.count.item()).toBe(20);
  });

  test("what is read is a copy, and what is written counts", () => {
    const run = resident((n: Tensor, x: Tensor) => [n.add(x), n.mul(1)], tensor(1), { target });
    expect(run.read().item()).toBe(1); // before the first call
    run.write(tensor(5));
    expect(run.call(tensor(2)).item()).toBe(5);
    const read = run.read();
    run.call(tensor(2));
    expect(read.item()).toBe(7);
    expect(run.read().item()).toBe(9);
    run.write(tensor(0));
    run.call(tensor(3));
    expect(run.read().item()).toBe(3);
  });

  test("the state moves along when another shape needs another program", () => {
    const run = resident((n: Tensor, x: Tensor) => [n.add(x.sum()), {}], tensor(0), { target });
    run.call(tensor([1, 2]));
    run.call(tensor([1, 2, 3]));
    run.call(tensor([1, 2]));
    expect(run.read().item()).toBe(12);
  });

  test("inputs of one type under other keys are other inputs", () => {
    const run = resident(
      (n: Tensor, x: { up?: Tensor; down?: Tensor }) => [
        x.up ? n.add(x.up) : n.sub(x.down!),
        undefined,
      ],
      tensor(0),
      { target },
    );
    run.call({ up: tensor(5) });
    run.call({ down: tensor(2) });
    run.call({ up: tensor(1) });
    expect(run.read().item()).toBe(4);
  });

  test("values change places, and one stays as it is", () => {
    const run = resident(
      ({ a, b, c }: Record<string, Tensor>, x: Tensor): [Record<string, Tensor>, Tensor] => [
        { a: b, b: a.add(x), c },
        a.add(b).mul(c),
      ],
      { a: tensor(1), b: tensor(2), c: tensor(10) },
      { target },
    );
    expect(run.call(tensor(1)).item()).toBe(30); // a 2, b 2
    expect(run.call(tensor(1)).item()).toBe(40); // a 2, b 3
    expect(run.call(tensor(1)).item()).toBe(50);
    expect(run.read().c.item()).toBe(10);
    run.write({ a: tensor(0), b: tensor(0), c: tensor(2) });
    run.call(tensor(3));
    expect(run.call(tensor(0)).item()).toBe(6);
  });

  test("what residents decide is made in order, also where it is packed for what they decide next", () => {
    const step = ({ W }: { W: Tensor }, x: Tensor) => {
      const twice = W.dot(W);
      return [{ W }, [x.dot(twice), x.add(tensor([1, 2, 3]).dot(twice))]] as const;
    };
    const first = { W: random(3, 3) };
    const run = resident<typeof first, readonly Tensor[]>(step, first, { target });
    for (const given of [first, { W: random(3, 3) }]) {
      run.write(given);
      const x = random(3);
      const [, want] = step(given, x);
      run.call(x).forEach((y, k) => near(y, want[k]));
    }
  });

  test("a stream in pieces is the stream in one pass", () => {
    const W = random(4, 4);
    const step = (h: Tensor, x: Tensor) => {
      const next = h.dot(W).add(x).tanh();
      return { state: next, output: next };
    };
    const x = random(24, 4);
    const whole = scan(step, zeros([4]), x);
    for (const sizes of [[1, 1, 22], [8, 8, 8], [5, 12, 7], [24]]) {
      const run = resident(
        (h: Tensor, xs: Tensor): [Tensor, Tensor] => {
          const { state, outputs } = scan(step, h, xs);
          return [state, outputs];
        },
        zeros([4]),
        { target },
      );
      let at = 0;
      for (const n of sizes) {
        near(run.call(x.slice([at, at + n])), whole.outputs.slice([at, at + n]));
        at += n;
      }
      near(run.read(), whole.state);
    }
  });
});

test("refused: a carry of another shape, another tree, or captured from a trace", () => {
  const grown = resident((h: Tensor) => [h.reshape([1, 2]), {}], tensor([1, 2]));
  expect(() => grown.call()).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: resident: state "carry" enters the step as [2] and leaves it as [1, 2].
      A state must keep its shape and dtype from one step to the next.   (state-shape)]
  `);
  const lost = resident((_: { h: Tensor }) => [{} as { h: Tensor }, {}], { h: tensor([1, 2]) });
  expect(() => lost.call()).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: resident carry: the tree has no tensors; expected h.
      Return the same nested objects and arrays that were given.   (tree-mismatch)]
  `);
  expect(() => lost.write({ h: tensor([1, 2, 3]) })).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: resident: state "h" enters the step as [2] and leaves it as [3].
      A state must keep its shape and dtype from one step to the next.   (state-shape)]
  `);
  expect(() =>
    grad((w: Tensor) => {
      const run = resident((h: Tensor): [Tensor, Tensor] => [h.add(w), h], tensor(1));
      return run.call();
    })(tensor(2)),
  ).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: argument 0 [] has no value yet: it is being traced, so JavaScript cannot read it or branch on it.
      To choose by it, use where(condition, a, b); to read it, return it and read what the call gives.   (traced-value)]
  `);
  expect(() =>
    resident((h: Tensor) => [h, h], tensor(1), { taget: "wasm" } as any),
  ).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: resident: "taget" is not known.
      Use one of: target, memoryLimit, weights, shards.   (unknown-option)]
  `);
});

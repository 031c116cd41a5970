/** jit: trees in and out, one program per types, part of a trace around it, refusals. */
import {
  batch,
  grad,
  jit,
  jvp,
  ones,
  scan,
  type Tensor,
  tensor,
  valueAndGrad,
  vjp,
  zeros,
} from "retrograd";
import { describe, expect, test } from "vitest";
import { targets } from "../targets/targets.ts";

const counted = <F extends (...args: any[]) => any>(f: F) => {
  const calls = { traces: 0 };
  const counting = (...args: any[]) => {
    calls.traces++;
    return f(...args);
  };
  return [counting as F, calls] as const;
};
type Name = "wasm" | "reference";

describe.each([...targets, "reference"] as Name[])("%s", (target) => {
  test("trees in, trees out", () => {
    const f = jit(
      ({ a, list }: { a: Tensor; list: Tensor[] }, { n }: { n: Tensor }) => ({
        sum: list[0].add(list[1]).mul(a),
        parts: [n.add(1), { flag: a.greater(1), a }],
        constant: tensor([7, 8]),
        nothing: null,
      }),
      { target },
    );
    const out = f(
      { a: tensor(2), list: [tensor([1, 2]), tensor([3, 4])] },
      { n: tensor(5, { dtype: "int32" }) },
    );
    expect(out.sum.toArray()).toEqual([8, 12]);
    const [n, { flag, a }] = out.parts as [Tensor, { flag: Tensor; a: Tensor }];
    expect([n.item(), n.dtype]).toEqual([6, "int32"]);
    expect([flag.toArray(), flag.dtype]).toEqual([true, "bool"]);
    expect(a.item()).toBe(2);
    expect(out.constant.toArray()).toEqual([7, 8]);
    expect(out.nothing).toBeNull();
  });

  test("one program for each combination of trees, keys, shapes and dtypes", () => {
    const [f, calls] = counted((p: Record<string, Tensor>) =>
      Object.entries(p)
        .map(([key, t]) => (key === "twice" ? t.mul(2) : t))
        .reduce((a, b) => a.add(b)),
    );
    const fast = jit(f, { target });
    const one = tensor([1, 2]);
    for (let i = 0; i < 3; i++) expect(fast({ twice: one }).toArray()).toEqual([2, 4]);
    expect(calls.traces).toBe(1);
    expect(fast({ once: one }).toArray()).toEqual([1, 2]); // another key
    expect(fast({ "a,b": one }).toArray()).toEqual([1, 2]);
    expect(fast({ a: one, b: one }).toArray()).toEqual([2, 4]);
    expect(calls.traces).toBe(4);
    expect(fast({ twice: tensor([1, 2, 3]) }).toArray()).toEqual([2, 4, 6]);
    expect(fast({ twice: tensor([1, 2], { dtype: "float64" }) }).dtype).toBe("float64");
    expect(fast({ twice: tensor([1, 2], { dtype: "int32" }) }).dtype).toBe("int32");
    expect(calls.traces).toBe(7);
    expect(fast({ twice: one }).toArray()).toEqual([2, 4]);
    expect(calls.traces).toBe(7);
  });

  test("each call has results of its own", () => {
    const double = jit((x: Tensor) => ({ y: x.mul(2), x }), { target });
    const first = double(tensor([1, 2]));
    double(tensor([10, 20]));
    expect(first.y.toArray()).toEqual([2, 4]);
    expect(first.x.toArray()).toEqual([1, 2]);
  });

  test("captured tensors are constants; no arguments at all are fine", () => {
    const W = tensor([
      [1, 2],
      [3, 4],
    ]);
    expect(jit(() => W.dot(W), { target })().toArray()).toEqual([
      [7, 10],
      [15, 22],
    ]);
    expect(jit((x: Tensor) => x.dot(W), { target })(tensor([1, 1])).toArray()).toEqual([4, 6]);
  });

  test("derivatives inside: value and gradient in one program", () => {
    const f = (p: { w: Tensor }, x: Tensor) => x.mul(p.w).tanh().sum();
    const args = [{ w: tensor([0.5, -1]) }, tensor([1, 2])] as const;
    const [value, { w }] = jit(valueAndGrad(f), { target })(...args);
    const [want, gradient] = valueAndGrad(f)(...args);
    expect(value.item()).toBeCloseTo(want.item(), 6);
    w.toArray().forEach((g: number, i: number) => {
      expect(g).toBeCloseTo(gradient.w.toArray()[i], 6);
    });
  });
});

describe("within a trace", () => {
  const x = tensor([1, 2]);
  const w = tensor([3, 4]);
  const square = jit((a: Tensor) => a.mul(a).sum());

  test("transforms pass through", () => {
    expect(grad(square)(x).toArray()).toEqual([2, 4]);
    expect(jvp(square, [x], [w])[1].item()).toBe(22);
    expect(vjp(square, x)[1](tensor(1))[0].toArray()).toEqual([2, 4]);
    expect(
      batch(square)(
        tensor([
          [1, 2],
          [3, 4],
        ]),
      ).toArray(),
    ).toEqual([5, 25]);
  });

  test("a captured tensor that is being traced keeps its gradient, whatever the arguments", () => {
    const loss = (v: Tensor) => jit((a: Tensor) => a.mul(v).sum())(x);
    expect(grad(loss)(w).toArray()).toEqual([1, 2]);
    expect(grad((v: Tensor) => jit(() => v.mul(v).sum())())(w).toArray()).toEqual([6, 8]);
    const step = ({ h }: { h: Tensor }, row: Tensor) => ({
      state: {
        h: jit((a: Tensor) =>
          a
            .mul(h)
            .sum()
            .mul(ones([2])),
        )(w).add(row),
      },
    });
    const run = (h: Tensor) =>
      scan(
        step,
        { h },
        tensor([
          [1, 0],
          [0, 1],
        ]),
      ).state.h;
    const plain = (h: Tensor) => {
      const one = h
        .mul(w)
        .sum()
        .mul(ones([2]))
        .add(tensor([1, 0]));
      return one
        .mul(w)
        .sum()
        .mul(ones([2]))
        .add(tensor([0, 1]));
    };
    expect(run(x).toArray()).toEqual(plain(x).toArray());
    const slope = (f: (h: Tensor) => Tensor) => grad((h: Tensor) => f(h).sum())(x).toArray();
    expect(slope(run)).toEqual(slope(plain));
  });

  test("jit within jit is one program", () => {
    const outer = jit((a: Tensor) => square(a).add(jit((b: Tensor) => b.mul(a).sum())(w)));
    expect(outer(x).item()).toBe(5 + 11);
  });
});

describe("refused", () => {
  const message = (f: () => unknown): string => {
    try {
      f();
    } catch (error) {
      return (error as Error).message;
    }
    return "nothing was thrown";
  };
  const x = tensor([1, 2]);
  const cases: Record<string, () => unknown> = {
    "a traced value in a condition": () => jit((a: any) => (a > 0 ? a : a.neg()))(tensor(1)),
    "a traced value read": () => jit((a: Tensor) => a.mul(a.item()))(tensor(1)),
    "an unknown option": () => jit((a: Tensor) => a, { tarjet: "wasm" } as any),
    "an unknown target": () => jit((a: Tensor) => a, { target: "gpu" as any }),
    "a limit that is no number": () => jit((a: Tensor) => a, { memoryLimit: "1 GB" as any }),
    "too little memory": () =>
      jit((a: Tensor) => a.add(1), { memoryLimit: 2 ** 20 })(zeros([2 ** 20])),
    "an argument that is no tensor": () => jit((a: any) => a)(3),
    "a result that is no tensor": () => jit((a: Tensor) => a.shape[0] as any)(x),
    "no result": () => jit((_: Tensor) => undefined as any)(x),
    "shapes that do not fit": () => jit((a: Tensor, b: Tensor) => a.add(b))(x, zeros([3])),
  };
  test.each(Object.entries(cases))("%s", (_, f) => {
    expect(message(f)).toMatchSnapshot();
  });
});

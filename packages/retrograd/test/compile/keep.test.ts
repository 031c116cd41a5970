/** keep: what the way back reads of the way there instead of computing it again. */
import { remat, scan, type Tensor } from "retrograd";
import { describe, expect, test } from "vitest";
import { optimise } from "../../src/compile/index.ts";
import { keep } from "../../src/compile/keep.ts";
import { prune } from "../../src/compile/prune.ts";
import { simplify } from "../../src/compile/simplify.ts";
import { topological, trace } from "../../src/tensor/graph.ts";
import { vjp } from "../../src/transform/vjp.ts";
import { dataFor, reference } from "../targets/targets.ts";
import { cell, float, loops, names, nodes, products, step, twice } from "./smallest.ts";

describe("keep", () => {
  test("the way back reads the product instead of computing it again", () => {
    const notes: string[] = [];
    const g = keep(simplify(twice(vjp(cell(5)))), notes);
    const [forward, backward] = loops(g);
    expect(products(forward.step).length).toBe(2);
    expect(names(backward.step).filter((n) => n === "dot")).toEqual([]);
    expect(notes).toEqual([
      "kept tanh [2, 3] of each step for the way back, as a state", // two products, stored once
    ]);
  });

  test("the next state is read back where the way back needs it, elementwise or not", () => {
    const notes: string[] = [];
    const decaying = trace([float(3), float(5, 3)], (first, xs) => {
      const step = ({ h }: { h: Tensor }, x: Tensor) => {
        const next = h.mul(h.neg().exp()).add(x);
        return { state: { h: next }, output: next.square() };
      };
      return [scan(step, { h: first }, xs).outputs];
    });
    const before = vjp(decaying);
    const g = keep(simplify(prune(before)), notes);
    expect(notes).toEqual(["kept add [3] of each step for the way back, as a state"]);
    expect(loops(g)[1].step.inputs.map((t) => t.name)).toContain("kept add");
    const data = dataFor(before, 1);
    expect(reference(g, data)).toEqual(reference(before, data));
  });

  test("a loop within the step is kept with all of its outputs, and not run again", () => {
    const nested = trace([float(2, 3), float(5, 4, 2, 3), float(3, 3)], (h, x, W) => [
      scan(
        (s: { h: Tensor }, row: Tensor, { W }: { W: Tensor }) => ({
          state: {
            h: scan(
              ({ h }: { h: Tensor }, y: Tensor) => ({ state: { h: h.dot(W).add(y).tanh() } }),
              s,
              row,
            ).state.h,
          },
        }),
        { h },
        x,
        { W },
      ).state.h,
    ]);
    const [, backward] = loops(keep(simplify(twice(vjp(nested))), []));
    expect(loops(prune(backward.step)).map(({ reverse }) => reverse)).toEqual([true]);
  });

  test("what is to be recomputed is not kept", () => {
    const recomputed = trace(
      [float(2, 3), float(5, 2, 4), float(3, 3), float(4, 3)],
      (h, x, W, U) => [
        scan((s: { h: Tensor }, x: Tensor, p: any) => remat(step)(s, x, p), { h }, x, { W, U })
          .outputs,
      ],
    );
    const notes: string[] = [];
    const g = keep(simplify(twice(vjp(recomputed))), notes);
    expect(notes.filter((n) => !n.includes("kept remat"))).toEqual([]);
    expect(loops(g).length).toBe(2);
    expect(nodes(optimise(vjp(recomputed)).graph).some((n) => n.op.lower === "call")).toBe(false);
  });

  test("within what is recomputed, the way back reads what was just computed", () => {
    const segments = trace([float(2, 3), float(5, 4, 2, 3), float(3, 3)], (h, x, W) => {
      const one = remat((h: Tensor, x: Tensor) => {
        const next = (h: Tensor, x: Tensor) => ({ state: h.dot(W).add(x).tanh() });
        return scan(next, h, x).state;
      });
      return [scan((h: Tensor, x: Tensor) => ({ state: one(h, x) }), h, x).state];
    });
    const g = keep(simplify(twice(vjp(segments))), []);
    const [, backward] = loops(g);
    const again = topological(backward.step.outputs).filter((n) => n.op.lower === "call");
    expect(again).toHaveLength(1);
    const [within, back] = loops(again[0].attrs.graph);
    expect(names(within.step)).toContain("dot");
    expect(names(back.step).filter((n) => n === "dot")).toEqual([]);
  });
});

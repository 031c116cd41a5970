/**
 * What every cell must do, whatever its equations: its derivatives agree three ways, compiled code
 * gives what the reference gives, a stream gives what the whole gives, padding changes nothing,
 * neither do no moments at all, and the form over all moments at once, where there is one, gives what the steps give. What the
 * equations are is for each cell's own test.
 */
import { grad, jit, type Tensor, tensor } from "retrograd";
import {
  type Cell,
  drawTree,
  type Evaluation,
  startOf,
  throughTime,
  type UnrollOptions,
} from "retrograd/cells";
import { sequential, unroll } from "retrograd/layers";
import { describe, expect, test } from "vitest";
import { key } from "../../src/ops/random.ts";
import { swapAxes } from "../../src/ops/shape.ts";
import { trace } from "../../src/tensor/graph.ts";
import { sizeOf, type Type } from "../../src/tensor/tensor.ts";
import { flatten, mapTree, rebuild } from "../../src/tensor/tree.ts";
import { expectDerivatives, numbers, valuesOf } from "../derivatives.ts";

export interface Described {
  /** Size of the input. */
  readonly input?: number;
  readonly time?: number;
  readonly batch?: number;
  /** Makes inputs that the cell accepts from numbers in (−0.5, 0.5): positive times, say. */
  readonly accept?: (x: Float64Array) => Float64Array;
  /** Largest difference between two forms in float64; 1e-10. */
  readonly tolerance?: number;
}

const draw = (seed: number, { shape, dtype }: Type): Tensor =>
  tensor(valuesOf({ shape, dtype }, numbers(seed)), { shape, dtype });

/** Register the tests of a cell; `seed` and the sizes are arbitrary. */
export function describeCell(name: string, cell: Cell, options: Described = {}): void {
  const { input = 3, time = 6, batch = 2, accept = (x) => x, tolerance = 1e-10 } = options;
  const float = "float64";
  const params = drawTree<any>(cell.params([input]), key(1), float);
  // Weights that begin at zero would hide what is multiplied by them.
  const moved = mapTree(params, (t: Tensor) => t.add(draw(2, t).mul(0.3)));
  const xs = tensor(accept(numbers(3)(time * batch * input)), {
    shape: [time, batch, input],
    dtype: float,
  });
  const state = mapTree(startOf(cell, moved, [input], batch, float), (t: Tensor) =>
    t.dtype === float ? t.add(draw(4, t).mul(0.5)) : t,
  );
  const lengths = Array.from({ length: batch }, (_, b) => Math.max(1, time - 2 * b));
  const mask = tensor(
    Array.from({ length: time * batch }, (_, i) => Math.floor(i / batch) < lengths[i % batch]),
    { shape: [time, batch], dtype: "bool" },
  );
  const run = (given: any, first: any, series: Tensor, how: UnrollOptions = {}) =>
    throughTime(cell, given, series, first, how);
  const near = (a: unknown, b: unknown, within: number) => {
    const [left, right] = [flatten(a), flatten(b)];
    expect(left.map((t) => t.shape)).toEqual(right.map((t) => t.shape));
    left.forEach((t, k) => {
      const off = Math.max(0, ...t.data.map((x, i) => Math.abs(x - right[k].data[i])));
      expect(off).toBeLessThanOrEqual(within);
    });
  };

  const forms = cell.parallel ? (["sequential", "parallel"] as const) : [undefined];

  describe(name, () => {
    test("derivatives agree three ways, for params, inputs and first state", () => {
      const leaves = [moved, state, xs].flatMap((tree) => flatten(tree));
      const floats = leaves.map((t) => t.dtype === float);
      expect(floats).toContain(true);
      for (const evaluation of forms) {
        const graph = trace(leaves, (...x) => {
          const count = flatten(moved).length;
          const states = flatten(state).length;
          const ran = run(
            rebuild(moved, x.slice(0, count)),
            rebuild(state, x.slice(count, count + states)),
            x[count + states],
            { evaluation },
          );
          return [...flatten(ran.state), ran.outputs];
        });
        expectDerivatives(graph, { at: leaves.map((t) => Float64Array.from(t.data)) });
      }
    });

    test("compiled code gives what the reference gives", () => {
      for (const evaluation of forms) {
        const program = (target: "reference" | "wasm") =>
          jit((p: any, s: any, x: Tensor) => run(p, s, x, { evaluation }), { target })(
            moved,
            state,
            xs,
          );
        near(program("wasm"), program("reference"), 1e-9);
      }
    });

    test("a stream gives what the whole gives", () => {
      const model = sequential(unroll(cell));
      const first = mapTree(state, (t: Tensor) => t.slice(0));
      const { output } = model.run([moved], swapAxes(xs, 0, 1).slice([0, 1]), {
        state: [mapTree(state, (t: Tensor) => t.slice([0, 1]))],
      });
      const live = model.stream([moved], { target: "reference" });
      live.reset([first]);
      for (let t = 0; t < time; t++) {
        const y = live.push(xs.slice(t, 0));
        const size = sizeOf(y.shape);
        near(
          y,
          tensor(output.data.slice(t * size, (t + 1) * size), { shape: y.shape, dtype: y.dtype }),
          tolerance,
        );
      }
    });

    test("padding changes nothing", () => {
      for (const evaluation of forms)
        lengths.forEach((length, b) => {
          const one = (t: Tensor) => t.slice([b, b + 1]);
          const whole = run(moved, state, xs, { mask, evaluation });
          const alone = run(
            moved,
            mapTree(state, one),
            xs.slice([0, length]).slice([0, length], [b, b + 1]),
            { evaluation },
          );
          near(mapTree(whole.state, one), alone.state, tolerance);
          const row = whole.outputs.slice([0, time], [b, b + 1]);
          near(row.slice([0, length]), alone.outputs, tolerance);
          for (const x of row.slice([length, time]).data) expect(x).toBe(0);
        });
    });

    test("no moments leave the state as it was, and say nothing", () => {
      for (const evaluation of forms) {
        const ran = run(moved, state, xs.slice([0, 0]), { evaluation });
        near(ran.state, state, 0);
        expect(ran.outputs.shape.slice(0, 2)).toEqual([0, batch]);
      }
    });

    if (cell.parallel)
      test("all moments at once give what the steps give, both ways, value and gradient", () => {
        const pull = (evaluation: Evaluation, reverse: boolean) => {
          const loss = (given: { p: any; s: any; x: Tensor }) => {
            const ran = run(given.p, given.s, given.x, { evaluation, reverse, mask });
            const seen = [...flatten(ran.state), ran.outputs].filter((t) => t.dtype === float);
            return seen.map((t, k) => t.mul(draw(5 + k, t)).sum()).reduce((a, b) => a.add(b));
          };
          return grad(loss)({ p: moved, s: state, x: xs });
        };
        for (const reverse of [false, true]) {
          const steps = run(moved, state, xs, { evaluation: "sequential", reverse });
          near(run(moved, state, xs, { evaluation: "parallel", reverse }), steps, tolerance);
        }
        if (flatten(state).every((t) => t.dtype === float))
          near(pull("parallel", true), pull("sequential", true), tolerance);
      });
  });
}

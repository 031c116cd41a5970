/**
 * The native target: a C compiler takes a while to begin, so the cases that all targets share are
 * joined to a few programs here. RETROGRAD_TARGETS=native runs all suites of targets with it.
 */
import fc from "fast-check";
import type { Tensor } from "retrograd";
import { describe, expect, test } from "vitest";
import { compileGraph } from "../../src/jit/jit.ts";
import { missing } from "../../src/node/native/index.ts";
import { map } from "../../src/ops/map.ts";
import { type Data, dtypes, round } from "../../src/scalar/dtype.ts";
import { call, mul, slot } from "../../src/scalar/index.ts";
import { type Graph, trace } from "../../src/tensor/graph.ts";
import { batch } from "../../src/transform/batch.ts";
import { vjp } from "../../src/transform/vjp.ts";
import { transforms } from "../compile/compiled.ts";
import { graphOf, recurrences } from "../compile/steps.ts";
import { cases } from "../ops/cases.ts";
import { combinations, expectRow, rows, typesOf } from "./rows.ts";
import { dataFor, expectClose, narrowed, reference } from "./targets.ts";

const reason = missing()?.reason;
if (reason) console.warn(`native is not tested: ${reason}`);

/** One graph that computes what all of them do. */
const joined = (graphs: readonly Graph[]): Graph => ({
  inputs: graphs.flatMap(({ inputs }) => inputs),
  outputs: graphs.flatMap(({ outputs }) => outputs),
});

const native = (graph: Graph, data: readonly Data[]): Data[] =>
  compileGraph(graph, { target: "native" }).run(data) as Data[];

function expectNative(graphs: readonly Graph[], seed = 1): void {
  const graph = joined(graphs);
  const data = dataFor(graph, seed);
  const got = native(graph, data);
  reference(graph, data).forEach((want, k) =>
    expectClose(got[k], want, graph.outputs[k].dtype, `output ${k}`),
  );
}

describe.skipIf(reason)("native", () => {
  const special = ["fma", "shiftLeft", "shiftRight"];
  test.each(dtypes)("every scalar row of %s, in lanes and behind them", (dtype) => {
    const own = rows.filter((r) => r.dtype === dtype && !special.includes(r.name));
    const asked = own.map(({ fn }) => [...combinations(fn, dtype)].slice(0, 1031));
    const graphs = own.map(({ fn }, i) =>
      trace(
        typesOf(fn, dtype).map((d) => ({ shape: [asked[i].length], dtype: d })),
        (...xs) => [
          map(
            `${xs.map(() => "a")}->a`,
            call(
              fn,
              xs.map((_, k) => slot(k)),
            ),
            xs,
          ),
        ],
      ),
    );
    const data = own.flatMap(({ fn }, i) =>
      typesOf(fn, dtype).map((d, k) =>
        round(
          d,
          Float64Array.from(asked[i], (at) => at[k]),
        ),
      ),
    );
    const got = native(joined(graphs), data);
    own.forEach(({ fn }, i) => asked[i].forEach((at, k) => expectRow(fn, dtype, got[i][k], at)));
  });

  const caseGraphs = cases.map(({ inputs, f }) =>
    trace(inputs, (...x) => [f(...x)].flat() as Tensor[]),
  );
  test("every case of every op, in float32", () => {
    expectNative(caseGraphs.map(narrowed));
  });
  test("derivatives of every case, in batches of float64", () => {
    const some = caseGraphs.filter(({ inputs }) => inputs.length);
    expectNative(
      some.map((g) =>
        batch(
          vjp(g),
          vjp(g).inputs.map(() => true),
          3,
        ),
      ),
    );
  });

  test("products around vectors and tiles", () => {
    const sizes = fc.constantFrom(1, 2, 3, 5, 8, 13, 14, 15, 16, 17, 29, 32, 33, 47, 64, 70);
    const spec = fc.constantFrom(
      "mk,kn->mn",
      "km,kn->mn",
      "mk,nk->mn",
      "bmk,bkn->bmn",
      "mk,kn->nm",
    );
    const drawn = fc.sample(fc.tuple(sizes, sizes, sizes, spec), { numRuns: 24, seed: 5 });
    // Parts of panels, and rows of several samples that share one.
    const deep = [
      [7, 70, 300, "mk,kn->mn"],
      [13, 29, 600, "bmk,kn->bmn"],
      [5, 130, 530, "mbk,kn->bmn"],
    ] as const;
    const graphs = [...drawn, ...deep].map(([m, n, k, letters]) => {
      const size: Record<string, number> = { m, n, k, b: 3 };
      const given = letters.split("->")[0].split(",");
      return trace(
        given.map((l) => ({ shape: [...l].map((c) => size[c]), dtype: "float64" as const })),
        (x, y) => [map(letters, mul(slot(0), slot(1)), [x, y])],
      );
    });
    expectNative(graphs);
    expectNative(graphs.map(narrowed), 2);
  });

  test("random recurrences and their derivatives", () => {
    const drawn = fc.sample(recurrences, { numRuns: 12, seed: 7 });
    const some = Object.values(transforms);
    expectNative(drawn.map((r, i) => some[i % some.length](graphOf(r))));
  });

  test("the same bits at each run", () => {
    const [random] = fc.sample(recurrences, { numRuns: 1, seed: 8 });
    const graph = narrowed(vjp(graphOf(random)));
    const data = dataFor(graph, 3);
    expect(native(graph, data)).toEqual(native(graph, data));
  });
});

/**
 * Products of matrices of every shape that chooses another path: sizes around lanes and tiles, operands
 * that lie transposed, letters that both operands and the result share, k and m beyond a block, terms
 * added and maps computed while the result is stored. Held against three nested loops.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { kernelsOf, type Stmt, walk } from "../../src/nest/nest.ts";
import { map } from "../../src/ops/map.ts";
import { add, mul, relu, select, slot, sub, tanh } from "../../src/scalar/index.ts";
import { type Graph, trace } from "../../src/tensor/graph.ts";
import type { Tensor, Type } from "../../src/tensor/tensor.ts";
import { FUSED, machine, PLAIN } from "../nest/machine.ts";
import { dataFor, expectClose, type Float, floats, narrowed, reference } from "./targets.ts";

const sizes = fc.constantFrom(1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 16, 17, 23, 31, 32, 33, 47);
const order = (letters: string) =>
  fc.shuffledSubarray([...letters], { minLength: letters.length }).map((l) => l.join(""));

/** out[…] = Σ left·right: m, n, k, a second k, and a letter that all three share. */
const products = fc
  .record({
    m: sizes,
    n: fc.oneof(sizes, fc.constantFrom(63, 64, 65, 70)),
    k: fc.oneof(sizes, fc.constantFrom(61, 70)),
    k2: fc.constantFrom(0, 0, 0, 1, 2, 3),
    shared: fc.constantFrom(0, 0, 1, 3),
    added: fc.constantFrom("", "", "n", "mn", "m"),
    after: fc.constantFrom("", "", "", "chain", "both", "mask"),
  })
  .chain((p) => {
    const [b, j] = [p.shared ? "b" : "", p.k2 ? "j" : ""];
    return fc.record({
      p: fc.constant(p),
      left: order(`${b}mk${j}`),
      right: order(`${b}${j}kn`),
      out: order(`${b}mn`),
    });
  });
type Product = typeof products extends fc.Arbitrary<infer T> ? T : never;

function graphOf({ p, left, right, out }: Product): Graph {
  const size: Record<string, number> = { m: p.m, n: p.n, k: p.k, j: p.k2, b: p.shared };
  const type = (letters: string): Type => ({
    shape: [...letters].map((l) => size[l]),
    dtype: "float64",
  });
  const given = [
    ...[type(left), type(right), ...(p.added ? [type(p.added)] : [])],
    ...[type(out), { ...type("n"), dtype: "bool" as const }],
  ];
  return trace(given, (x, y, ...rest) => {
    const [factor, mask] = rest.slice(-2);
    const product = map(`${left},${right}->${out}`, mul(slot(0), slot(1)), [x, y]);
    const sum = p.added
      ? map(`${p.added},${out}->${out}`, add(slot(0), slot(1)), [rest[0], product])
      : product;
    return following(p.after, out, { sum, factor, mask });
  });
}

/** Maps that are cheap enough for the registers of a sum. */
function following(which: string, out: string, t: Record<"sum" | "factor" | "mask", Tensor>) {
  const { sum, factor, mask } = t;
  const twice = map(`${out}->${out}`, mul(slot(0), 2), [sum]);
  if (which === "both") return [sum, map(`${out}->${out}`, relu(slot(0)), [twice])];
  if (which === "mask")
    return [map(`n,${out},${out}->${out}`, select(slot(0), slot(1), slot(2)), [mask, sum, factor])];
  if (which === "") return [sum];
  // A factor that is not known yet, the sum used twice, and nothing but the last stored.
  const bent = map(`${out}->${out}`, relu(slot(0)), [factor]);
  const scaled = map(`${out},${out}->${out}`, mul(slot(0), slot(1)), [twice, bent]);
  return [map(`${out},${out}->${out}`, sub(slot(0), slot(1)), [scaled, sum])];
}

/** What both kinds of tile compute, and the notes of their kernels. */
function expectProduct(given: Graph, dtype: Float, seed: number): string[] {
  const graph = dtype === "float32" ? narrowed(given) : given;
  const data = dataFor(graph, seed);
  const want = reference(graph, data);
  return [FUSED, PLAIN].flatMap((can) => {
    const program = machine(graph, can);
    program.run(data).forEach((y, k) => expectClose(y, want[k], dtype, program.kernels.join("; ")));
    return program.kernels;
  });
}

test.each(floats)("any product of matrices, in %s", (dtype) => {
  const seen: string[] = [];
  fc.assert(
    fc.property(products, fc.nat(1000), (product, seed) => {
      const { m, n, k, k2, shared } = product.p;
      fc.pre(m * n * k * (k2 || 1) * (shared || 1) <= 60_000);
      seen.push(...expectProduct(graphOf(product), dtype, seed));
    }),
    { numRuns: 150, seed: 11 },
  );
  for (const path of [
    ...["tile 6×2", "tile 4×2", "tile 1×", "tile 2×", "tile 3×", "packed panels", "in place"],
    ...["transposed", "times", "added on store", "lanes along the output"],
    ...["2 maps on store", "4 maps on store"],
    // A mask is as wide as a float32.
    ...(dtype === "float32" ? ["1 map on store"] : []),
    "lanes along the reduced axis",
  ])
    expect(
      seen.some((note) => note.includes(path)),
      path,
    ).toBe(true);
});

const large: [spec: string, sizes: Record<string, number>][] = [
  ["mk,kn->mn", { m: 7, k: 1025, n: 9 }],
  ["mk,kn->mn", { m: 7, k: 2049, n: 12 }],
  ["km,kn->mn", { m: 9, k: 3001, n: 8 }],
  ["mk,nk->mn", { m: 5, k: 1500, n: 5 }],
  ["mk,kn->mn", { m: 601, k: 3, n: 17 }],
  ["mk,kn->nm", { m: 263, k: 5, n: 33 }],
  ["km,kn->mn", { m: 523, k: 2, n: 9 }],
  ["mk,kn->mn", { m: 1, k: 1100, n: 70 }],
  ["mkj,jkn->mn", { m: 6, k: 67, j: 31, n: 10 }],
  ["km,kn->mn", { m: 270, k: 40, n: 40 }],
  ["bmk,bkn->bmn", { b: 2, m: 4, k: 1030, n: 6 }],
  ["bmk,kn->bmn", { b: 3, m: 5, k: 2100, n: 20 }],
  ["mbk,kn->bmn", { b: 3, m: 7, k: 4100, n: 9 }],
  ["bmk,kn->mbn", { b: 2, m: 270, k: 33, n: 11 }],
];
test.each(floats)("blocks of k and m, in %s", (dtype) => {
  for (const [spec, size] of large) {
    const [left, right, out] = spec.split(/,|->/);
    const type = (letters: string): Type => ({
      shape: [...letters].map((l) => size[l]),
      dtype: "float64",
    });
    const graph = trace([type(left), type(right), type("n")], (x, y, c) => {
      const product = map(spec, mul(slot(0), slot(1)), [x, y]);
      return [
        product,
        map(`${out},n->${out}`, add(slot(0), slot(1)), [
          map(spec, mul(slot(0), slot(1)), [x, y]),
          c,
        ]),
      ];
    });
    expectProduct(graph, dtype, 1);
  }
});

/** Many rows go along a few panels at a time: 25 of them and three columns, five at a time. */
test.each([FUSED, PLAIN])("blocks of panels", (can) => {
  const [m, k, n] = [131, 1024, 203];
  const type = (...shape: number[]): Type => ({ shape, dtype: "float32" });
  const graph = trace([type(m, k), type(k, n), type(m, n)], (x, y, c) => [
    map("mn,mn->mn", add(slot(0), slot(1)), [map("mk,kn->mn", mul(slot(0), slot(1)), [x, y]), c]),
  ]);
  const data = dataFor(graph, 3);
  const [x, y, c] = data;
  const want = Float64Array.from(c);
  for (let i = 0; i < m; i++)
    for (let l = 0; l < k; l++)
      for (let j = 0; j < n; j++) want[i * n + j] += x[i * k + l] * y[l * n + j];
  const program = machine(graph, can);
  expectClose(program.run(data)[0], want, "float32", "blocks of panels");
  const loops: number[] = [];
  kernelsOf(program.schedule.main, ({ body }) =>
    walk(body, (part) => {
      if (part.kind === "for" && part.index === "p") loops.push(part.count);
    }),
  );
  expect(loops).toContain(5);
});

/** All of a large operand is asked for before it is read, but for its first part. */
test("the next part of a panel is asked for", () => {
  const [m, k, n] = [13, 1200, 76];
  const type = (...shape: number[]): Type => ({ shape, dtype: "float32" });
  const graph = trace([type(m, k), type(k, n)], (x, y) => [
    map("mk,kn->mn", mul(slot(0), slot(1)), [x, y]),
  ]);
  const { schedule } = machine(graph, { ...FUSED, prefetch: true });
  const asked = new Set<number>();
  let length = 0;
  const run = (body: readonly Stmt[], index: ReadonlyMap<string, number>) => {
    for (const s of body) {
      if (s.kind === "for")
        for (let i = 0; i < s.count; i += s.step) run(s.body, new Map([...index, [s.index, i]]));
      if (s.kind !== "prefetch" || !s.buffer.name.startsWith("packed")) continue;
      const at = s.at.terms.reduce((sum, [i, stride]) => sum + index.get(i)! * stride, s.at.base);
      length = s.buffer.length;
      asked.add(Math.floor(at / 16));
    }
  };
  kernelsOf(schedule.main, ({ body }) => run(body, new Map()));
  const part = 600 * 8;
  const lines = Array.from({ length: (length - part) / 16 }, (_, l) => part / 16 + l);
  expect(length).toBe(1200 * 80);
  expect(lines.filter((l) => !asked.has(l))).toEqual([]);
});

/** Rows of a left operand that lie far apart are gathered first. */
test.each(floats)("a left operand whose rows of k lie far apart, in %s", (dtype) => {
  const type = (...shape: number[]): Type => ({ shape, dtype: "float64" });
  const graph = trace([type(9, 4100), type(9, 33)], (x, y) => [
    map("km,kn->mn", mul(slot(0), slot(1)), [x, y]),
  ]);
  const notes = expectProduct(graph, dtype, 1);
  expect(notes.join("\n")).toContain("gather");
});

/** With fewer columns than lanes, tiles leave lanes idle; a plain sum would use one, or join all. */
test("three columns in four lanes", () => {
  const type = (...shape: number[]): Type => ({ shape, dtype: "float64" });
  const notesOf = (spec: string, left: Type, right: Type) => {
    const body = mul(slot(0), slot(1));
    const graph = trace([left, right], (x, y) => [map(spec, body, [x, y])]);
    return expectProduct(graph, "float32", 1).join("\n");
  };
  expect(notesOf("km,kn->mn", type(70, 9), type(70, 3))).toContain("tile");
  expect(notesOf("mk,nk->mn", type(9, 5), type(3, 5))).toContain("tile");
});

/** Rows that lie side by side are copied a strip at a time, where each k is on a page of its own. */
test.each(floats)("a left operand in strips of rows, in %s", (dtype) => {
  const type = (...shape: number[]): Type => ({ shape, dtype: "float64" });
  const graph = trace([type(2, 9, 1040), type(2, 9, 33), type(33)], (x, y, c) => [
    map("bmn,n->bmn", add(slot(0), slot(1)), [
      map("bkm,bkn->bmn", mul(slot(0), slot(1)), [x, y]),
      c,
    ]),
  ]);
  const notes = expectProduct(graph, dtype, 1);
  expect(notes.join("\n")).toContain("product 16×33×9, 130 times");
});

/** What is not a plain product of two operands: other bodies, three operands, sums over one alone. */
const bodies: [spec: string, body: Parameters<typeof map>[1]][] = [
  ["mk,kn->mn", mul(tanh(slot(0)), slot(1))],
  ["mk,kn->mn", add(mul(slot(0), slot(1)), slot(0))],
  ["mk,kn,n->mn", mul(mul(slot(0), slot(1)), slot(2))],
  ["mk,kn,m->mn", add(mul(slot(0), slot(1)), slot(2))],
  ["mk,kn->n", mul(slot(0), slot(1))],
  ["mk,mk->m", mul(slot(0), slot(1))],
  ["mk,mk->", mul(slot(0), slot(1))],
  ["mk,k->m", mul(slot(0), slot(1))],
  ["km,k->m", mul(slot(0), slot(1))],
  ["mk->k", tanh(slot(0))],
  ["mk->m", tanh(slot(0))],
  ["km->m", slot(0)],
];
test.each(floats)("sums of other bodies, in %s", (dtype) => {
  for (const [m, n, k] of [
    [1, 1, 1],
    [2, 3, 5],
    [5, 7, 1],
    [9, 8, 17],
    [13, 33, 6],
    [4, 2, 70],
  ]) {
    const size: Record<string, number> = { m, n, k };
    for (const [spec, body] of bodies)
      for (const reduce of ["sum", "max"] as const) {
        const operands = spec.split("->")[0].split(",");
        const graph = trace(
          operands.map((l): Type => ({ shape: [...l].map((x) => size[x]), dtype: "float64" })),
          (...xs: Tensor[]) => [map(spec, body, xs, { reduce })],
        );
        expectProduct(graph, dtype, m + n);
      }
  }
});

test("a product of integers", () => {
  const graph = trace(
    [
      { shape: [5, 7], dtype: "int32" },
      { shape: [7, 9], dtype: "int32" },
    ],
    (x, y) => [map("mk,kn->mn", mul(slot(0), slot(1)), [x, y])],
  );
  const data = [
    Int32Array.from({ length: 35 }, (_, i) => i * 12345679),
    Int32Array.from({ length: 63 }, (_, i) => 97 - i * 7654321),
  ];
  const want = Array.from({ length: 45 }, (_, i) => {
    let sum = 0;
    for (let k = 0; k < 7; k++)
      sum = (sum + Math.imul(data[0][Math.floor(i / 9) * 7 + k], data[1][k * 9 + (i % 9)])) | 0;
    return sum;
  });
  expect([...machine(graph).run(data)[0]]).toEqual(want);
});

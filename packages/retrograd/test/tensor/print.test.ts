/** Graphs as text and as pictures: stable, complete, and nothing overlaps. */
import { expect, test } from "vitest";
import { drawingOf } from "../../src/graph/drawing.ts";
import { graph } from "../../src/graph/index.ts";
import { layoutOf } from "../../src/graph/layout.ts";
import { scan } from "../../src/loops/scanTree.ts";
import { whileLoop } from "../../src/loops/while.ts";
import { map } from "../../src/ops/map.ts";
import { add, less, mul, slot, tanh } from "../../src/scalar/index.ts";
import { placeholder, type Tensor, tensor } from "../../src/tensor/tensor.ts";
import { grad } from "../../src/transform/api.ts";
import { traceTree } from "../../src/transform/function.ts";

const float = (...shape: number[]) => placeholder({ shape, dtype: "float32" });
const dot = (x: Tensor, w: Tensor) =>
  map("i,ij->j", mul(slot(0), slot(1)), [x, w], { name: "dot" });

interface Params {
  W: Tensor;
  U: Tensor;
}
const loss = (params: Params, { x }: { x: Tensor }): Tensor => {
  const { outputs } = scan(
    ({ h }: { h: Tensor }, x: Tensor, { W, U }: Params) => {
      const next = map("j,j->j", tanh(add(slot(0), slot(1))), [dot(h, W), dot(x, U)]);
      return { state: { h: next }, output: next };
    },
    { h: tensor([0, 0]) },
    x,
    params,
  );
  return map("tj->", mul(slot(0), slot(0)), [outputs], { name: "loss" });
};
const args = [{ W: float(2, 2), U: float(3, 2) }, { x: float(7, 3) }];

test("as text", () => {
  expect(graph(loss, ...args).text()).toMatchInlineSnapshot(`
    "graph(W: float32 [2, 2], U: float32 [3, 2], x: float32 [7, 3])
      %0 = constant  float32 [2]
      %1 = scan(%0, x, W, U) states 1, inputs 1, length 7, reverse false  float32 [2], float32 [7, 2], float32 [7, 2]
        step(h: float32 [2], input: float32 [3], W: float32 [2, 2], U: float32 [3, 2])
          %0 = dot "i,ij->j" mul(h, W)  float32 [2]
          %1 = dot "i,ij->j" mul(input, U)  float32 [2]
          %2 = map "j,j->j" tanh(add(%0, %1))  float32 [2]
          return %2, %2
      %2 = loss "tj->" mul(%1.1, %1.1)  float32 []
      return %2"
  `);
});

test("the text does not depend on what was traced before", () => {
  const first = graph(loss, ...args).text();
  graph(grad(loss), ...args);
  expect(graph(loss, ...args).text()).toBe(first);
});

test("as DOT: the step is a cluster, and its state an arrow back", () => {
  expect(graph(loss, ...args).dot()).toMatchInlineSnapshot(`
    "digraph {
      node [shape=box, fontname=sans, fontsize=11];
      n0 [label="W\\n[2, 2]", style="rounded,filled", fillcolor="#e0ecf9"];
      n1 [label="U\\n[3, 2]", style="rounded,filled", fillcolor="#e0ecf9"];
      n2 [label="x\\n[7, 3]", style="rounded,filled", fillcolor="#e0ecf9"];
      n3 [label="constant\\n[2]", style="filled", fillcolor="#f3f3f1"];
      n9 [label="loss\\n[]", style="filled", fillcolor="#ffffff"];
      n10 [label="result", style="rounded,filled", fillcolor="#e0ecf9"];
      subgraph cluster_0 {
        label="scan: 7 steps";
        n4 [label="h\\n[2]", style="rounded,filled", fillcolor="#ffe7cc"];
        n5 [label="input[t]\\n[3]", style="rounded,filled", fillcolor="#e2f3e4"];
        n6 [label="dot\\n[2]", style="filled", fillcolor="#ffffff"];
        n7 [label="dot\\n[2]", style="filled", fillcolor="#ffffff"];
        n8 [label="tanh(add(a, b))\\n[2]", style="filled", fillcolor="#ffffff"];
      }
      n3 -> n4;
      n2 -> n5;
      n4 -> n6;
      n0 -> n6;
      n5 -> n7;
      n1 -> n7;
      n6 -> n8;
      n7 -> n8;
      n8 -> n4 [style=dashed, color="#d97706", constraint=false];
      n8 -> n9;
      n9 -> n10;
    }
    "
  `);
});

test("unrolled: one box per weight, one copy of the step per moment", () => {
  const { graph: g } = traceTree(loss, args);
  const { boxes, clusters, arrows } = drawingOf(g, { unroll: 3 });
  const named = (name: string) => boxes.filter((b) => b.lines[0] === name);
  expect(named("W")).toHaveLength(1);
  expect(named("dot")).toHaveLength(6);
  expect(named("h")).toHaveLength(3);
  expect(clusters.map((c) => c.title)).toEqual(["t = 0", "t = 1", "t = 2", ""]);
  expect(arrows.filter((a) => a.kind === "carry")).toHaveLength(3);
  expect(arrows.filter((a) => a.from === named("W")[0])).toHaveLength(3);
});

const root = (a: Tensor) =>
  whileLoop(
    ({ x }) => map(",->", less(mul(slot(0), slot(0)), slot(1)), [x, a]),
    ({ x }) => ({ x: map("->", add(slot(0), 0.5), [x]) }),
    { x: a },
  );

test.each([
  ["loss", () => traceTree(loss, args).graph],
  ["gradient", () => traceTree(grad(loss), args).graph],
  ["while", () => traceTree(root, [float()]).graph],
])("no two boxes of a layout overlap, and each lies in its cluster: %s", (_, trace) => {
  for (const unroll of [0, 2]) {
    const { boxes, clusters, width, height } = layoutOf(drawingOf(trace(), { unroll }));
    expect(boxes.length).toBeGreaterThan(2);
    for (const a of boxes) {
      const around = clusters.find((c) => c.what === a.what.cluster);
      const page = around ?? { x: 0, y: 0, width, height };
      expect(a.x).toBeGreaterThanOrEqual(page.x);
      expect(a.y).toBeGreaterThanOrEqual(page.y);
      expect(a.x + a.width).toBeLessThanOrEqual(page.x + page.width);
      expect(a.y + a.height).toBeLessThanOrEqual(page.y + page.height);
      for (const b of boxes) {
        const apart =
          a.x + a.width <= b.x ||
          b.x + b.width <= a.x ||
          a.y + a.height <= b.y ||
          b.y + b.height <= a.y;
        expect(a === b || apart).toBe(true);
      }
    }
  }
});

test("as SVG: self-contained, with every name escaped", () => {
  const svg = graph((x: Tensor) => map("i->", slot(0), [x], { name: "a<b" }), float(2)).svg();
  expect(svg).toContain("a&lt;b");
  expect(svg).not.toMatch(/href|script|url\((?!#)/);
  expect(svg.startsWith("<svg ")).toBe(true);
});

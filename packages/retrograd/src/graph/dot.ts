/** A drawing in the language of Graphviz. */
import type { Box, BoxKind, Cluster, Drawing } from "./drawing.ts";

const quote = (s: string): string =>
  `"${s.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
const STYLE: Record<BoxKind, string> = {
  input: 'style="rounded,filled", fillcolor="#e0ecf9"',
  output: 'style="rounded,filled", fillcolor="#e0ecf9"',
  state: 'style="rounded,filled", fillcolor="#ffe7cc"',
  moment: 'style="rounded,filled", fillcolor="#e2f3e4"',
  op: 'style="filled", fillcolor="#ffffff"',
  constant: 'style="filled", fillcolor="#f3f3f1"',
  more: 'style="rounded,filled", fillcolor="#f3f3f1"',
  ask: 'style="rounded,filled", fillcolor="#fdf3c8"',
};

/** The drawing as a DOT digraph; a step is a cluster, what its state carries is dashed. */
export function dotOf({ boxes, clusters, arrows }: Drawing): string {
  const lines = ["digraph {", "  node [shape=box, fontname=sans, fontsize=11];"];
  const inside = (at: Cluster | undefined, indent: string): void => {
    for (const box of boxes)
      if (box.cluster === at)
        lines.push(
          `${indent}n${box.id} [label=${quote(box.lines.join("\n"))}, ${STYLE[box.kind]}];`,
        );
    for (const cluster of clusters) {
      if (cluster.cluster !== at) continue;
      lines.push(`${indent}subgraph cluster_${cluster.id} {`);
      lines.push(`${indent}  label=${quote(cluster.title)};`);
      inside(cluster, `${indent}  `);
      lines.push(`${indent}}`);
    }
  };
  inside(undefined, "  ");
  const node = (box: Box): string => `n${box.id}`;
  for (const { from, to, kind } of arrows) {
    const style = kind === "carry" ? ' [style=dashed, color="#d97706", constraint=false]' : "";
    lines.push(`  ${node(from)} -> ${node(to)}${style};`);
  }
  return `${[...lines, "}"].join("\n")}\n`;
}

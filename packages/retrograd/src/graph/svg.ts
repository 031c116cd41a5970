/**
 * A laid-out drawing as SVG: one self-contained element, readable on a light and on a dark page.
 */
import type { BoxKind } from "./drawing.ts";
import type { Layout, Point, Route } from "./layout.ts";

const FILL: Record<BoxKind, [fill: string, stroke: string]> = {
  input: ["#e0ecf9", "#4878a8"],
  output: ["#e0ecf9", "#4878a8"],
  state: ["#ffe7cc", "#d97706"],
  moment: ["#e2f3e4", "#3f8f4f"],
  op: ["#ffffff", "#8a8f98"],
  constant: ["#f3f3f1", "#b5b5b0"],
  more: ["#f3f3f1", "#b5b5b0"],
  ask: ["#fdf3c8", "#b39316"],
};
const INK = "#1f2430";
const WIRE = "#7b828e";
const CARRY = "#d97706";

const escape = (s: string): string =>
  s
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
const n = (x: number): string => String(Math.round(x * 10) / 10);
const at = (p: Point): string => `${n(p.x)} ${n(p.y)}`;

/** The drawing as text of an `<svg>` element. */
export function svgOf({ width, height, boxes, clusters, routes }: Layout, title = "graph"): string {
  const head =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${n(width)} ${n(height)}" ` +
    `width="${n(width)}" height="${n(height)}" role="img" aria-label="${escape(title)}" ` +
    `font-family="ui-sans-serif, system-ui, 'DejaVu Sans', sans-serif" font-size="11">`;
  const arrow = (id: string, color: string) =>
    `<marker id="${id}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" ` +
    `orient="auto"><path d="M0 1 L7 4 L0 7 z" fill="${color}"/></marker>`;
  const named = clusters.filter(({ what }) => what.title);
  const parts = [
    head,
    `<defs>${arrow("data", WIRE)}${arrow("carry", CARRY)}</defs>`,
    `<rect width="100%" height="100%" fill="#fcfcfb"/>`,
    ...named.map(
      ({ x, y, width, height }) =>
        `<rect x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}" rx="10" ` +
        `fill="${INK}" fill-opacity="0.035" stroke="#c9ccd2"/>`,
    ),
    ...routes.map(wire),
    ...named.map(
      ({ what, x, y }) =>
        `<text x="${n(x + 10)}" y="${n(y + 15)}" fill="#5b616e" font-weight="600" ` +
        `stroke="#f4f4f3" stroke-width="4" paint-order="stroke">${escape(what.title)}</text>`,
    ),
    ...boxes.map(({ what, x, y, width, height }) => {
      const [fill, stroke] = FILL[what.kind];
      const round = what.kind === "op" ? 4 : Math.min(14, height / 2);
      const lines = what.lines.map(
        (line, i) =>
          `<text x="${n(x + width / 2)}" y="${n(y + 16 + 14 * i)}" text-anchor="middle" ` +
          `fill="${i ? "#5b616e" : INK}"${i ? ' font-size="10"' : ""}>${escape(line)}</text>`,
      );
      return (
        `<rect x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}" rx="${round}" ` +
        `fill="${fill}" stroke="${stroke}"/>${lines.join("")}`
      );
    }),
    "</svg>",
  ];
  return `${parts.join("\n")}\n`;
}

function wire({ points: all, kind, head, square }: Route): string {
  const color = kind === "carry" ? CARRY : WIRE;
  // A part without length has no direction, and would turn the head of its arrow anywhere.
  const points = all.filter((p, i) => i === 0 || at(p) !== at(all[i - 1]));
  const [first, ...rest] = points;
  const path = square ? corners(points) : `M${at(first)}${curves(first, rest)}`;
  const end = head ? ` marker-end="url(#${kind})"` : "";
  const width = kind === "carry" ? 1.6 : 1.1;
  return `<path d="${path}" fill="none" stroke="${color}" stroke-width="${width}"${end}/>`;
}

/** Vertical at both ends of every part. */
function curves(from: Point, points: readonly Point[]): string {
  let last = from;
  return points
    .map((p) => {
      const middle = (last.y + p.y) / 2;
      const straight = Math.abs(last.x - p.x) < 0.5;
      const text = straight
        ? `L${at(p)}`
        : `C${n(last.x)} ${n(middle)} ${n(p.x)} ${n(middle)} ${at(p)}`;
      last = p;
      return text;
    })
    .join("");
}

/** Right angles with rounded corners. */
function corners(points: readonly Point[]): string {
  const out = [`M${at(points[0])}`];
  for (let i = 1; i + 1 < points.length; i++) {
    const [a, b, c] = [points[i - 1], points[i], points[i + 1]];
    out.push(`L${at(towards(b, a))}Q${at(b)} ${at(towards(b, c))}`);
  }
  return `${out.join("")}L${at(points[points.length - 1])}`;
}
function towards(from: Point, to: Point): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  const step = Math.min(7, length / 2) / length;
  return { x: from.x + (to.x - from.x) * step, y: from.y + (to.y - from.y) * step };
}

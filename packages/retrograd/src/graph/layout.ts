/**
 * Positions for a drawing, cluster by cluster from the inside: a cluster that is laid out is one
 * large item of the layout around it. Arrows enter and leave it through ports on its border; what
 * a state carries to the next step runs along the side of its step, or through the gap to the next
 * copy.
 */
import type { Arrow, Box, Cluster, Drawing } from "./drawing.ts";
import {
  assignLayers,
  bend,
  type Chain,
  GAP,
  type Inner,
  type Item,
  type Layout,
  type Link,
  leaves,
  offset,
  order,
  type Point,
  place,
  port,
  type Route,
} from "./layers.ts";

export type { Layout, Point, Route };

const PAD = 16;
const TITLE = 24;
const LANE = 13;

export const boxSize = (box: Box): { width: number; height: number } => ({
  width: Math.max(34, ...box.lines.map((line, i) => line.length * (i ? 5.6 : 6.6) + 18)),
  height: 10 + 14 * box.lines.length,
});

/** Place everything; the page has its origin in the upper left corner. */
export const layoutOf = (drawing: Drawing): Layout => level(drawing, undefined);

const within = (c: Cluster | undefined, outer: Cluster | undefined): boolean =>
  outer === undefined || (c !== undefined && (c === outer || within(c.cluster, outer)));
/** The child of `at` that contains `box`: a cluster, or the box itself. */
function childOf(box: Box, at: Cluster | undefined): Box | Cluster {
  let child: Box | Cluster = box;
  while (child.cluster !== at) child = child.cluster!;
  return child;
}
const keyOf = (x: Box | Cluster): string => ("lines" in x ? `box ${x.id}` : `cluster ${x.id}`);

function level(drawing: Drawing, at: Cluster | undefined): Inner {
  const items = new Map<string, Item>();
  const add = (item: Omit<Item, "layer" | "x" | "y">): Item => {
    const made: Item = { ...item, layer: 0, x: 0, y: 0 };
    items.set(item.key, made);
    return made;
  };
  for (const box of drawing.boxes)
    if (box.cluster === at) add({ key: keyOf(box), box, ...boxSize(box) });
  for (const cluster of drawing.clusters) {
    if (cluster.cluster !== at) continue;
    const inner = level(drawing, cluster);
    const row = cluster.row === undefined ? undefined : `${cluster.row}`;
    add({ key: keyOf(cluster), inner, width: inner.width, height: inner.height, row });
  }
  const links = linksOf(drawing, at, items, (key) => add({ key, width: 4, height: 2 }));
  const carries = links.filter((l) => l.kind === "carry" && !port(l.from) && !leaves(l.to));
  const flow = links.filter((l) => !carries.includes(l));
  assignLayers([...items.values()], flow);
  const { layers, chains } = bend([...items.values()], flow);
  order(layers, chains);
  place(layers, chains);
  return assemble(at, layers, chains, carries);
}

/** The parts of all arrows that lie in `at`, with ports where they cross its border. */
function linksOf(
  { arrows }: Drawing,
  at: Cluster | undefined,
  items: Map<string, Item>,
  addPort: (key: string) => Item,
): Link[] {
  const links = new Map<string, Link>();
  const itemAt = (key: string) => items.get(key) ?? addPort(key);
  const link = (source: Box, from: Item, to: Item, kind: Arrow["kind"], head: boolean) =>
    links.set(`${source.id} ${from.key} ${to.key} ${kind}`, { source, from, to, kind, head });
  for (const { from, to, kind } of arrows) {
    const [starts, ends] = [within(from.cluster, at), within(to.cluster, at)];
    if (!starts && !ends) continue;
    const a = starts ? itemAt(keyOf(childOf(from, at))) : itemAt(`top ${from.id}`);
    const b = ends ? itemAt(keyOf(childOf(to, at))) : itemAt(`bottom ${from.id}`);
    if (a === b && (kind === "data" || a.inner)) continue; // inside one child
    if (kind === "carry" && starts && ends && a.row === undefined) {
      const turn = itemAt(`bottom carry ${to.id}`); // down to the border, then back up
      link(from, a, turn, "carry", false);
      link(from, turn, b, "carry", true);
    } else link(from, a, b, kind, ends && b.box !== undefined);
  }
  return [...links.values()];
}

/** Turn centres into coordinates of the cluster, and chains into routes. */
function assemble(
  at: Cluster | undefined,
  layers: Item[][],
  chains: Chain[],
  carries: Link[],
): Inner {
  const all = layers.flat();
  const loops = carries.filter((l) => l.from.row === undefined);
  const left = (all.length ? Math.min(...all.map((i) => i.x - i.width / 2)) : 0) - PAD;
  for (const item of all) item.x -= left;
  const lanes = loops.length * LANE;
  const right = Math.max(PAD, ...all.map((i) => i.x + i.width / 2));
  const title = at?.title ? at.title.length * 6.2 + 2 * PAD : 0;
  const width = Math.max(title, right + lanes + PAD + (loops.length ? 6 : 0));
  let y = (at ? TITLE : PAD) + lanes;
  const spans = layers.map((layer) => {
    const height = Math.max(0, ...layer.map((i) => i.height));
    const span = { top: y, bottom: y + height };
    for (const item of layer) item.y = y + (height - item.height) / 2;
    y += height + (layer === layers[layers.length - 1] ? 0 : GAP.y);
    return span;
  });
  const height = y + lanes + PAD;
  const out: Inner = {
    cluster: at!,
    width,
    height,
    boxes: [],
    clusters: [],
    routes: [],
    top: new Map(),
    bottom: new Map(),
  };
  for (const item of all) paint(item, out);
  for (const { link, path } of chains) out.routes.push(routeOf(link, path, spans, height, out));
  loops.forEach((link, k) => {
    const lane = {
      x: right + 8 + LANE * (k + 1),
      up: (at ? TITLE : PAD) + LANE * k,
      down: y + LANE * (k + 1) - 6,
    };
    const x = link.to.x + link.to.width / 4;
    const points = [
      { x: link.from.x, y: link.from.y },
      { x: link.from.x, y: lane.down },
      { x: lane.x, y: lane.down },
      { x: lane.x, y: lane.up },
      { x, y: lane.up },
      { x, y: link.to.y },
    ];
    out.routes.push({ kind: "carry", points, head: true, square: true });
  });
  out.routes.push(...acrossRows(carries.filter((link) => !loops.includes(link))));
  return out;
}

/** Put an item, and everything inside it, where it belongs. */
function paint(item: Item, out: Inner): void {
  const [x, y] = [item.x - item.width / 2, item.y];
  const { width, height, box, inner } = item;
  if (box) out.boxes.push({ what: box, x, y, width, height });
  if (!inner) return;
  const move = <T extends Point>(p: T): T => ({ ...p, x: p.x + x, y: p.y + y });
  out.clusters.push({ what: inner.cluster, x, y, width, height }, ...inner.clusters.map(move));
  out.boxes.push(...inner.boxes.map(move));
  out.routes.push(...inner.routes.map((r) => ({ ...r, points: r.points.map(move) })));
}

function routeOf(
  { source, kind, head }: Link,
  path: readonly Item[],
  spans: readonly { top: number; bottom: number }[],
  height: number,
  out: Inner,
): Route {
  const points: Point[] = [];
  path.forEach((item, i) => {
    const { top, bottom } = spans[item.layer]; // straight on beside taller neighbours
    if (item.bend) {
      points.push({ x: item.x, y: top }, { x: item.x, y: bottom });
    } else if (i === 0) {
      if (port(item)) out.top.set(source, item.x);
      if (port(item)) points.push({ x: item.x, y: 0 });
      const x = item.x + offset(item, source, "bottom");
      points.push({ x, y: item.y + item.height }, { x, y: bottom });
    } else {
      const crosses = leaves(item) && !item.key.startsWith("bottom carry");
      const x = item.x + offset(item, source, "top");
      points.push({ x, y: top }, { x, y: item.y });
      if (crosses) out.bottom.set(source, item.x);
      if (crosses) points.push({ x: item.x, y: height });
    }
  });
  return { kind, points, head, square: false };
}

/** Each state has a lane of its own through a gap; what leaves further left goes around outside. */
function acrossRows(links: readonly Link[]): Route[] {
  const startOf = ({ source, from }: Link) => from.x + offset(from, source, "bottom");
  return links.map((link) => {
    const lanes = links
      .filter(({ from, to }) => from === link.from && to === link.to)
      .sort((a, b) => startOf(b) - startOf(a));
    return acrossRow(link, lanes.indexOf(link), lanes.length);
  });
}

/** From the foot of one step, through the gap, to the head of the next. */
function acrossRow({ source, from, to }: Link, lane: number, lanes: number): Route {
  const start = { x: from.x + offset(from, source, "bottom"), y: from.y + from.height };
  const end = { x: to.x + offset(to, source, "top"), y: to.y };
  const spread = Math.min(8 * (lanes - 1), 20);
  const apart = lanes > 1 ? (spread * lane) / (lanes - 1) : 0;
  const x = (from.x + from.width / 2 + to.x - to.width / 2 - spread) / 2 + apart;
  const [low, high] = [start.y + 9 + apart, end.y - 9 - (spread - apart)];
  const points = [
    start,
    { x: start.x, y: low },
    { x, y: low },
    { x, y: high },
    { x: end.x, y: high },
    end,
  ];
  return { kind: "carry", points, head: false, square: true };
}

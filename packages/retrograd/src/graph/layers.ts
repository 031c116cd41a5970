/**
 * Layers: every item lies below what it reads, in an order with few crossings, near its neighbours.
 * Layers by the longest path; order by the mean place of the neighbours; places by least squares.
 * Source: Sugiyama, Tagawa & Toda 1981, doi:10.1109/TSMC.1981.4308636.
 */
import type { Arrow, Box, Cluster } from "./drawing.ts";

export interface Point {
  x: number;
  y: number;
}
export interface Placed<T> extends Point {
  readonly what: T;
  readonly width: number;
  readonly height: number;
}
export interface Route {
  readonly kind: Arrow["kind"];
  readonly points: Point[];
  /** Whether the arrow ends here, or goes on inside a cluster. */
  readonly head: boolean;
  /** Right angles instead of curves. */
  readonly square: boolean;
}
export interface Layout {
  width: number;
  height: number;
  boxes: Placed<Box>[];
  clusters: Placed<Cluster>[];
  routes: Route[];
}

/**
 * A thing in a layer: a box, a laid-out cluster, a port on the border, or a bend of a long arrow.
 */
export interface Item {
  readonly key: string;
  width: number;
  height: number;
  layer: number;
  x: number;
  y: number;
  readonly box?: Box;
  readonly inner?: Inner;
  readonly bend?: boolean;
  readonly row?: string;
}
export interface Inner extends Layout {
  readonly cluster: Cluster;
  /** Where the arrows of a source cross the upper and lower border. */
  readonly top: Map<Box, number>;
  readonly bottom: Map<Box, number>;
}
/** Part of an arrow within one cluster. */
export interface Link {
  readonly source: Box;
  readonly from: Item;
  readonly to: Item;
  readonly kind: Arrow["kind"];
  readonly head: boolean;
}

/** Space between items of a layer, and between layers. */
export const GAP = { x: 22, y: 34 };

export const port = (item: Item): boolean => item.key.startsWith("top");
export const leaves = (item: Item): boolean => item.key.startsWith("bottom");
/** States and inputs stay at the top of their step. */
export const fixed = (item: Item): boolean =>
  port(item) || item.box?.kind === "state" || item.box?.kind === "moment";

/** Longest path from above; what has nothing above it moves down to its first reader. */
export function assignLayers(items: Item[], links: readonly Link[]): void {
  if (items.some(port)) for (const item of items) if (!port(item) && fixed(item)) item.layer = 1;
  for (let pass = 0, moved = true; moved && pass <= items.length; pass++) {
    moved = false;
    for (const { from, to } of links)
      if (to.layer <= from.layer) moved = Boolean((to.layer = from.layer + 1));
    for (const a of items)
      for (const b of items)
        if (a.row !== undefined && a.row === b.row && a.layer < b.layer)
          moved = Boolean((a.layer = b.layer));
  }
  for (const item of [...items].reverse()) {
    const readers = links.filter((l) => l.from === item).map((l) => l.to.layer);
    if (!fixed(item) && readers.length && !links.some((l) => l.to === item) && !item.row)
      item.layer = Math.max(item.layer, Math.min(...readers) - 1);
  }
  const last = Math.max(0, ...items.map((i) => i.layer + (leaves(i) ? 0 : 1)));
  for (const item of items) if (leaves(item)) item.layer = last;
}

/** Items by layer; long arrows get a bend in every layer they cross, shared by one source. */
export function bend(items: Item[], links: readonly Link[]): { layers: Item[][]; chains: Chain[] } {
  const layers: Item[][] = [];
  for (const item of items) (layers[item.layer] ??= []).push(item);
  for (let l = 0; l < layers.length; l++) layers[l] ??= [];
  const bends = new Map<string, Item>();
  const chains = links.map((link): Chain => {
    const path = [link.from];
    for (let layer = link.from.layer + 1; layer < link.to.layer; layer++) {
      const key = `bend ${link.source.id} ${link.from.key} ${layer}`;
      let item = bends.get(key);
      if (!item) {
        item = { key, layer, width: 6, height: 0, x: 0, y: 0, bend: true };
        bends.set(key, item);
        layers[layer].push(item);
      }
      path.push(item);
    }
    return { link, path: [...path, link.to] };
  });
  return { layers, chains };
}
export interface Chain {
  readonly link: Link;
  readonly path: readonly Item[];
}

/** Where an arrow of `source` meets an item, from its centre. */
export function offset(item: Item, source: Box, side: "top" | "bottom"): number {
  const at = item.inner?.[side].get(source);
  return at === undefined ? 0 : at - item.width / 2;
}

interface Neighbour {
  readonly item: Item;
  /** Where it would have this item's centre, from its own. */
  readonly shift: number;
}
function neighbours(
  chains: readonly Chain[],
): Map<Item, { above: Neighbour[]; below: Neighbour[] }> {
  const near = new Map<Item, { above: Neighbour[]; below: Neighbour[] }>();
  const of = (item: Item) => {
    if (!near.has(item)) near.set(item, { above: [], below: [] });
    return near.get(item)!;
  };
  for (const { link, path } of chains)
    path.slice(1).forEach((b, i) => {
      const a = path[i];
      const shift = offset(a, link.source, "bottom") - offset(b, link.source, "top");
      of(b).above.push({ item: a, shift });
      of(a).below.push({ item: b, shift: -shift });
    });
  return near;
}

/** Sort each layer by the mean place of its neighbours, downwards and upwards in turn. */
export function order(layers: Item[][], chains: readonly Chain[]): void {
  const near = neighbours(chains);
  const rank = () =>
    layers.forEach((layer) => layer.forEach((item, i) => (item.x = i / layer.length)));
  rank();
  for (let sweep = 0; sweep < 12; sweep++) {
    const down = sweep % 2 === 0;
    for (const layer of down ? layers : [...layers].reverse()) {
      const wish = new Map(
        layer.map((item) => {
          const by = near.get(item)?.[down ? "above" : "below"] ?? [];
          const mean = (of: (n: Neighbour) => number) =>
            by.reduce((sum, n) => sum + of(n), 0) / by.length;
          const x = by.length ? mean((n) => n.item.x) : item.x;
          return [item, { x, shift: by.length ? mean((n) => n.shift) : 0 }];
        }),
      );
      // Arrows to the same items lie in the order of the ports where they enter.
      layer.sort((a, b) => {
        const [p, q] = [wish.get(a)!, wish.get(b)!];
        return Math.abs(p.x - q.x) > 1e-9 ? p.x - q.x : p.shift - q.shift;
      });
      inRow(layer);
      inTextOrder(layer);
      layer.forEach((item, i) => (item.x = i / layer.length));
    }
  }
}

/** Copies of a step stay in the order of time, side by side. */
function inRow(layer: Item[]): void {
  for (const row of new Set(layer.map((i) => i.row))) {
    if (row === undefined) continue;
    const copies = layer
      .filter((i) => i.row === row)
      .sort((a, b) => a.inner!.cluster.id - b.inner!.cluster.id);
    const first = layer.findIndex((i) => i.row === row);
    const before = layer.slice(0, first).filter((i) => i.row !== row);
    const after = layer.slice(first).filter((i) => i.row !== row);
    layer.splice(0, layer.length, ...before, ...copies, ...after);
  }
}

/** States stay in the order in which the text names them. */
function inTextOrder(layer: Item[]): void {
  const isState = (item: Item) => item.box?.kind === "state";
  const states = layer.filter(isState).sort((a, b) => a.box!.id - b.box!.id);
  layer.forEach((item, i) => isState(item) && (layer[i] = states.shift()!));
}

/** x of every item: as near to its neighbours as the order and the gaps allow. */
export function place(layers: Item[][], chains: readonly Chain[]): void {
  const near = neighbours(chains);
  for (const layer of layers) {
    let x = 0;
    for (const item of layer) {
      item.x = x + item.width / 2;
      x += item.width + GAP.x;
    }
  }
  for (let sweep = 0; sweep < 24; sweep++) {
    const down = sweep % 2 === 0;
    for (const layer of down ? layers : [...layers].reverse()) {
      const wish = layer.map((item) => {
        const { above = [], below = [] } = near.get(item) ?? {};
        const by = sweep >= 22 ? [...above, ...below] : down ? above : below;
        return by.length ? by.reduce((sum, n) => sum + n.item.x + n.shift, 0) / by.length : item.x;
      });
      nearest(wish, layer).forEach((x, i) => (layer[i].x = x));
    }
  }
}

/**
 * Positions that keep the order and the gaps, with the least squares of the distances to `wish`.
 */
function nearest(wish: readonly number[], items: readonly Item[]): number[] {
  const gap = (a: Item, b: Item) =>
    (a.width + b.width) / 2 +
    (a.bend && b.bend ? 10 : a.row !== undefined && a.row === b.row ? 48 : GAP.x);
  let sum = 0;
  const starts = items.map((item, i) => (i ? (sum += gap(items[i - 1], item)) : 0));
  const pools: { total: number; count: number }[] = [];
  wish.forEach((x, i) => {
    pools.push({ total: x - starts[i], count: 1 });
    for (let n = pools.length; n > 1; n--) {
      const [a, b] = [pools[n - 2], pools[n - 1]];
      if (a.total / a.count <= b.total / b.count) break;
      pools.splice(n - 2, 2, { total: a.total + b.total, count: a.count + b.count });
    }
  });
  const means = pools.flatMap(({ total, count }) => Array<number>(count).fill(total / count));
  return means.map((mean, i) => mean + starts[i]);
}

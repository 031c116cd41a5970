/** The picture of an unrolled loop: what must not touch does not. */
import { expect, test } from "vitest";
import { lstm } from "../../src/cells/index.ts";
import { graph } from "../../src/graph/index.ts";
import { random, zeros } from "../../src/index.ts";
import { sequential, unroll } from "../../src/layers/index.ts";

const model = sequential(unroll(lstm({ size: 4, input: 2 })));
const params = model.init(random.key(0), {});
const svg = graph((p: any, x: any) => model.apply(p, x), params, zeros([3, 8, 2])).svg({
  unroll: 3,
});
type Spot = readonly [x: number, y: number];
const ends = (path: string): Spot[] =>
  [...path.matchAll(/[MLQC]([-\d. ]+)/g)].map(([, list]) => {
    const [x, y] = list.trim().split(" ").slice(-2).map(Number);
    return [x, y];
  });
const wires = [...svg.matchAll(/<path d="([^"]+)" fill="none" stroke="([^"]+)"([^>]*)/g)].map(
  ([, path, color, more]) => ({ path, color, spots: ends(path), head: /marker-end/.test(more) }),
);
const label = (text: string): number[] =>
  [...svg.matchAll(/<text x="([-\d.]+)"[^>]*>([^<]*)</g)]
    .filter(([, , said]) => said === text)
    .map(([, x]) => Number(x));

test("each state has a lane of its own between two steps", () => {
  // The long vertical parts of the square routes: two states, three gaps.
  const lanes = wires
    .filter(({ color, path }) => color === "#d97706" && /Q/.test(path))
    .flatMap(({ spots }) =>
      spots.slice(1).flatMap(([x, y], i) => {
        const [before, top] = spots[i];
        return x === before && Math.abs(y - top) > 200 ? [x] : [];
      }),
    );
  expect(lanes).toHaveLength(6);
  const sorted = lanes.sort((a, b) => a - b);
  sorted.slice(1).forEach((x, i) => expect(x - sorted[i]).toBeGreaterThan(5));
});

test("heads of arrows point down: no path ends with a part of no length", () => {
  const heads = wires.filter(({ head }) => head);
  expect(heads.length).toBeGreaterThan(40);
  for (const { spots } of heads) expect(spots.at(-1)).not.toEqual(spots.at(-2));
});

test("states stand in the order of the text, and so do their beginnings", () => {
  const [h, c] = [label("h"), label("c")];
  expect(h).toHaveLength(3);
  h.forEach((x, t) => expect(x).toBeLessThan(c[t]));
  const [first, second] = label("constant").sort((a, b) => a - b);
  expect(Math.abs(first - h[0])).toBeLessThan(Math.abs(first - c[0]));
  expect(Math.abs(second - c[0])).toBeLessThan(Math.abs(second - h[0]));
});

/** Curves as one SVG: a column for each sweep, a row for each quantity, a colour for each series. */
import * as Plot from "@observablehq/plot";
import { JSDOM } from "jsdom";
import { logTicks } from "../../packages/cli/src/report/charts.ts";

const { document } = new JSDOM("").window;
const WIDTH = 300;
const HEIGHT = 200;
/** Where the legend begins, and how far apart its lines are. */
const [LEFT, LINE] = [48, 16];

/** What is measured along one axis, and where. */
export interface Column<P> {
  readonly label: string;
  readonly ticks: readonly number[];
  readonly points: readonly P[];
}

export interface Picture<P> {
  readonly title: string;
  readonly columns: readonly Column<P>[];
  readonly rows: readonly { readonly label: string; value(p: P): number }[];
  /** Where on the axis of its column a point lies. */
  at(p: P): number;
  /** Which curve it belongs to, one of `series`. */
  seriesOf(p: P): string;
  readonly series: Readonly<Record<string, string>>;
}

function panel<P>(picture: Picture<P>, { points, ...column }: Column<P>, row: number) {
  const { label, value } = picture.rows[row];
  // One scale for a row, of three decades at least: what is steep looks steep, and what is flat flat.
  const all = picture.columns.flatMap((each) => each.points.map(value));
  const high = Math.max(...all);
  const domain = [Math.min(...all, high / 1e3), high];
  const places = { x: picture.at, y: value };
  return Plot.plot({
    document,
    ...{ width: WIDTH, height: HEIGHT, marginLeft: 48, marginRight: 18 },
    style: { fontFamily: "system-ui, sans-serif", fontSize: "11px", background: "none" },
    x: { type: "log", base: 2, label: column.label, ticks: [...column.ticks], tickFormat: short },
    y: {
      type: "log",
      label,
      grid: true,
      domain,
      ticks: logTicks(domain),
      tickFormat: short,
    },
    color: { domain: Object.keys(picture.series), range: Object.values(picture.series) },
    marks: [
      Plot.lineY(points, { ...places, stroke: picture.seriesOf }),
      Plot.dot(points, { ...places, fill: picture.seriesOf }),
    ],
  });
}

/** 65536 → 66k, 0.05 → 0.05 */
const short = (x: number): string => (x >= 1e4 ? `${Math.round(x / 1e3)}k` : `${x}`);

/** The picture as the text of an SVG. */
export function drawn<P>(picture: Picture<P>): string {
  const { columns, rows, series, title } = picture;
  const width = columns.length * WIDTH;
  let [x, y] = [LEFT, LINE];
  const legend = Object.entries(series).map(([name, colour]) => {
    const room = 28 + 7 * name.length;
    if (x > LEFT && x + room > width) [x, y] = [LEFT, y + LINE];
    const text = `<text x="${x}" y="${y}" fill="${colour}">● ${name}</text>`;
    x += room;
    return text;
  });
  const top = y + 8;
  const panels = rows.flatMap((_, j) =>
    columns.map((column, i) => {
      const svg = panel(picture, column, j);
      svg.setAttribute("x", String(i * WIDTH));
      svg.setAttribute("y", String(top + j * HEIGHT));
      return svg.outerHTML;
    }),
  );
  const height = top + rows.length * HEIGHT;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}"`,
    ` width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="13">`,
    `<title>${title}</title>`,
    `<rect width="100%" height="100%" fill="white"/>${legend.join("")}${panels.join("")}</svg>\n`,
  ].join("");
}

/**
 * The plots of a report, as inline SVG: Observable Plot draws them into a document of jsdom.
 * Colours are CSS variables, so that a plot follows the page's light or dark; each is drawn
 * twice, for a wide page and for a phone, so that its text stays readable.
 */
import * as Plot from "@observablehq/plot";
import { JSDOM } from "jsdom";

const { document } = new JSDOM("").window;

export const COLOUR = {
  model: "var(--model)",
  baseline: "var(--baseline)",
  truth: "var(--truth)",
  faint: "var(--faint)",
  accent: "var(--accent)",
} as const;

/** What a figure shows: its title, what to see in it, and how it is drawn at a width. */
export interface Figure {
  readonly title: string;
  readonly text: string;
  readonly legend: readonly (readonly [name: string, colour: string])[];
  draw(narrow: boolean): Plot.PlotOptions;
}

const WIDTHS = { wide: 760, narrow: 380 } as const;

/** A figure as HTML. */
export function renderFigure({ title, text, legend, draw }: Figure): string {
  const plot = (name: keyof typeof WIDTHS) => {
    const narrow = name === "narrow";
    const common: Plot.PlotOptions = {
      document,
      width: WIDTHS[name],
      height: narrow ? 240 : 280,
      marginLeft: narrow ? 44 : 52,
      marginBottom: 34,
      style: { background: "none", fontFamily: "inherit", fontSize: narrow ? "12px" : "12px" },
    };
    const svg = Plot.plot({ ...common, ...draw(narrow) });
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", title);
    return `<div class="${name}">${svg.outerHTML}</div>`;
  };
  const keys = legend
    .map(([name, colour]) => `<span><i style="background:${colour}"></i>${escape(name)}</span>`)
    .join("");
  return `<figure><h2>${escape(title)}</h2><p>${escape(text)}</p>
${keys && `<div class="legend">${keys}</div>`}${plot("wide")}${plot("narrow")}</figure>`;
}

export const escape = (text: string): string =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");

/** At most `most` rows, evenly spaced: a plot shows no more. */
export function thin<T>(rows: readonly T[], most: number): T[] {
  if (rows.length <= most) return [...rows];
  return Array.from({ length: most }, (_, i) => rows[Math.floor((i * rows.length) / most)]);
}

/**
 * Ticks of a logarithmic axis over positive values: 1, 2 and 5 times powers of ten over a short
 * range, then 1 and 3 times, then powers alone. Where there are more, Plot leaves labels out.
 */
export function logTicks(values: readonly number[]): number[] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (!(low > 0 && Number.isFinite(high))) return [];
  const powers: number[] = [];
  for (let e = Math.floor(Math.log10(low)); e <= Math.ceil(Math.log10(high)); e++) powers.push(e);
  const every = Math.ceil(powers.length / 6);
  const within = (ticks: number[]) => ticks.filter((x) => x >= low * 0.8 && x <= high * 1.25);
  const decades = within(powers.filter((e) => e % every === 0).map((e) => 10 ** e));
  if (powers.length > 4) return decades;
  const times = powers.length > 3 ? [1, 3] : [1, 2, 5];
  return within(powers.flatMap((e) => times.map((k) => k * 10 ** e)));
}

/** 0.02, 300, 1e-7. */
export function plainNumber(x: number): string {
  const rounded = Number(x.toPrecision(6));
  const size = Math.abs(rounded);
  return size !== 0 && (size < 1e-4 || size >= 1e6)
    ? rounded.toExponential().replace("+", "")
    : String(rounded);
}

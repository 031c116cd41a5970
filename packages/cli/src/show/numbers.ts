/** Numbers as people read them. */

/** About four figures, without a tail of zeros that says nothing. */
export function figures(x: number | null | undefined): string {
  if (x === null || x === undefined || Number.isNaN(x)) return "–";
  if (x === 0 || !Number.isFinite(x)) return String(x);
  const size = Math.abs(x);
  if (size >= 1e6 || size < 1e-4) return x.toExponential(2);
  if (size >= 1000) return Math.round(x).toLocaleString("en");
  return x.toFixed(decimals(size));
}

const decimals = (size: number): number =>
  size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : size >= 1 ? 3 : 4;

type Numbers = readonly (number | null | undefined)[];

/** Columns of one unit, with one number of decimals for all, unless they are of many sizes. */
export function figuresTogether(columns: readonly Numbers[]): string[][] {
  const all = figuresOf(columns.flat());
  let at = 0;
  return columns.map(({ length }) => all.slice(at, (at += length)));
}

/** How many decimals the first of some numbers shows. */
export const placesOf = ([text = ""]: readonly string[]): number => text.split(".")[1]?.length ?? 0;

/** With so many decimals. */
export const fixed = (x: number | null | undefined, places: number): string =>
  x === null || x === undefined || !Number.isFinite(x)
    ? figures(x)
    : x.toLocaleString("en", { minimumFractionDigits: places, maximumFractionDigits: places });

/** A column of numbers whose points stand below each other, unless they are of many sizes. */
export function figuresOf(column: Numbers): string[] {
  const sizes = column.filter((x) => x && Number.isFinite(x)).map((x) => Math.abs(x as number));
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
  if (!(most < 1e6 && least >= 1e-3 && most / least < 300)) return column.map(figures);
  const places = decimals(most);
  return column.map((x) => fixed(x, places));
}

/** A rate: 12, 340, 5.6k, 1.2M. */
export function short(x: number): string {
  if (!Number.isFinite(x)) return "–";
  if (x >= 1e6) return `${(x / 1e6).toFixed(1)}M`;
  if (x >= 1e4) return `${Math.round(x / 1e3)}k`;
  if (x >= 1e3) return `${(x / 1e3).toFixed(1)}k`;
  return x >= 10 ? String(Math.round(x)) : x.toFixed(1);
}

/** Seconds as 0:07, 12:30, 1:02:03. */
export function clock(seconds: number): string {
  if (!Number.isFinite(seconds)) return "–:––";
  const whole = Math.max(0, Math.round(seconds));
  const two = (n: number) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

export const bytes = (n: number): string =>
  n >= 2 ** 30 ? `${(n / 2 ** 30).toFixed(1)} GB` : `${Math.round(n / 2 ** 20)} MB`;

export const count = (n: number): string => n.toLocaleString("en");

export const plural = (n: number, one: string, many = `${one}s`): string =>
  `${count(n)} ${n === 1 ? one : many}`;

/** What a loss did lately, in blocks; the last value is on the right. */
export function sparkline(values: readonly number[], width = 12): string {
  const last = values.slice(-width);
  const [low, high] = [Math.min(...last), Math.max(...last)];
  const blocks = "▁▂▃▄▅▆▇█";
  return last
    .map((v) => blocks[high > low ? Math.round((7 * (v - low)) / (high - low)) : 0])
    .join("");
}

/**
 * Scalers bring features to one size before training and forecasts back after it. A scaler is plain
 * data, a shift and a scale per feature (and per series, if wanted), fitted on the training
 * part only:
 *   z = (y − shift) / scale        y = z scale + shift
 */
import { fail } from "../errors/data.ts";
import { type Readable, readable } from "./archive.ts";
import { eachObserved, type Moments, momentsOf } from "./moments.ts";
import type { Series } from "./series.ts";
import type { Part } from "./split.ts";

/**
 * - `standard`: mean and population standard deviation
 * - `min-max`: to 0 … 1 over the training part
 * - `robust`: median and interquartile range, which single outliers do not move
 * - `none`: values as they are
 */
export type ScalerKind = "standard" | "min-max" | "robust" | "none";

/** Shift and scale of each feature, for one series or for all. */
export interface Scaling {
  /** Name of the series, or null: all series. */
  series: string | null;
  shift: number[];
  scale: number[];
}

/** A fitted scaler; survives `JSON.stringify` and `readScaler` to the same bits. */
export interface Scaler {
  kind: ScalerKind;
  features: string[];
  scalings: Scaling[];
}

export interface ScalerOptions {
  /** Usually "standard". */
  kind?: ScalerKind;
  /** One scaling per series, for series of different sizes. */
  perSeries?: boolean;
  /** A feature that never changes in training: an error, or keep it with scale 1. */
  constant?: "refuse" | "keep";
}

/**
 * Fit a scaler on the observed values of the training part.
 * @param set   the series; values [time, features]
 * @param train steps to fit on
 * @throws "scaler-constant" for a feature that does not change; "scaler-no-values" for one without
 *         values
 */
export function fitScaler(
  set: { series: readonly Series[]; features: readonly string[] },
  train: readonly Part[],
  options: ScalerOptions = {},
): Scaler {
  return fitArchive(readable(set), train, options);
}

/** Fit a scaler on series that are read in pieces; "robust" sorts the values, and holds them. */
export function fitArchive(
  archive: Readable,
  train: readonly Part[],
  options: ScalerOptions = {},
): Scaler {
  const { kind = "standard", perSeries = false, constant = "refuse" } = options;
  const features = [...archive.features];
  const fit = (name: string | null, parts: readonly Part[]): Scaling => {
    const moments = momentsOf(archive, parts);
    const sorted = kind === "robust" ? sortedValues(archive, parts) : [];
    const pairs = features.map((column, f) => {
      if (moments[f].count === 0) fail("scaler-no-values", { column, series: name });
      const [shift, scale] = FITS[kind](moments[f], sorted[f]);
      if (scale > 0 && Number.isFinite(scale)) return [shift, scale];
      if (constant === "refuse")
        fail("scaler-constant", { column, series: name, value: shift, kind });
      return [shift, 1];
    });
    return { series: name, shift: pairs.map(([a]) => a + 0), scale: pairs.map(([, b]) => b) };
  };
  const scalings = perSeries
    ? train.map((part) => fit(archive.series[part.series].name, [part]))
    : [fit(null, train)];
  return { kind, features, scalings };
}

/**
 * Scale values.
 * @param values [time, features] of the scaler, or of `features` by name
 * @param series name of their series; only needed by a scaler fitted per series
 * @throws "scaler-unknown-series", "scaler-unknown-feature"
 */
export function scale(
  scaler: Scaler,
  values: ArrayLike<number>,
  series: string | null = null,
  features: readonly string[] = scaler.features,
): Float64Array {
  const each = scalingsOf(scaler, series, features);
  const scaled = new Float64Array(values.length);
  for (let i = 0; i < scaled.length; i++) {
    const { shift, scale } = each[i % each.length];
    scaled[i] = (values[i] - shift) / scale;
  }
  return scaled;
}

/** Bring scaled values back to their unit; the inverse of `scale`, with the same arguments. */
export function unscale(
  scaler: Scaler,
  values: ArrayLike<number>,
  series: string | null = null,
  features: readonly string[] = scaler.features,
): Float64Array {
  const each = scalingsOf(scaler, series, features);
  const whole = new Float64Array(values.length);
  for (let i = 0; i < whole.length; i++) {
    const { shift, scale } = each[i % each.length];
    whole[i] = values[i] * scale + shift;
  }
  return whole;
}

/** A series with its values scaled; everything else is shared with the original. */
export function scaleSeries(scaler: Scaler, series: Series): Series {
  return { ...series, values: scale(scaler, series.values, series.name) };
}

/**
 * A scaler from parsed JSON, checked.
 * @throws "scaler-damaged"
 */
export function readScaler(json: unknown): Scaler {
  const damaged = (reason: string) => fail("scaler-damaged", { reason });
  const { kind, features, scalings } = (json ?? {}) as Partial<Scaler>;
  if (typeof kind !== "string" || !Object.hasOwn(FITS, kind)) damaged(`kind is ${kind}`);
  if (!Array.isArray(features) || !features.every((name) => typeof name === "string"))
    return damaged("features is not a list of names");
  if (!Array.isArray(scalings) || scalings.length === 0) return damaged("scalings is not a list");
  const row = (list: unknown, test: (x: number) => boolean) =>
    Array.isArray(list) &&
    list.length === features.length &&
    list.every((x) => Number.isFinite(x) && test(x));
  scalings.forEach((scaling, i) => {
    const { series, shift, scale } = (scaling ?? {}) as Partial<Scaling>;
    if (series !== null && typeof series !== "string") damaged(`series of scaling ${i} is no name`);
    if (!row(shift, () => true)) damaged(`shift of scaling ${i} is not ${features.length} numbers`);
    if (!row(scale, (x) => x > 0))
      damaged(`scale of scaling ${i} is not ${features.length} positive numbers`);
  });
  return { kind: kind as ScalerKind, features, scalings };
}

function scalingsOf(scaler: Scaler, series: string | null, features: readonly string[]) {
  const shared = scaler.scalings.find((scaling) => scaling.series === null);
  const found = shared ?? scaler.scalings.find((scaling) => scaling.series === series);
  if (!found) {
    const known = scaler.scalings.map((scaling) => String(scaling.series));
    return fail("scaler-unknown-series", { series: String(series), known });
  }
  return features.map((name) => {
    const f = scaler.features.indexOf(name);
    if (f < 0) fail("scaler-unknown-feature", { name, known: scaler.features });
    return { shift: found.shift[f], scale: found.scale[f] };
  });
}

function sortedValues(archive: Readable, parts: readonly Part[]): Float64Array[] {
  const values: number[][] = archive.features.map(() => []);
  eachObserved(archive, parts, (value, f) => values[f].push(value));
  return values.map((list) => Float64Array.from(list).sort());
}

/** Shift and scale of some values, at least one. */
type Fit = (moments: Moments, sorted: Float64Array) => [number, number];
const FITS: Readonly<Record<ScalerKind, Fit>> = {
  // Equal values may leave a variance of rounding errors: compare the values themselves.
  standard: ({ mean, variance, min, max }) => [mean, min === max ? 0 : Math.sqrt(variance)],
  "min-max": ({ min, max }) => [min, max - min],
  robust: (_, sorted) => [quantile(sorted, 0.5), quantile(sorted, 0.75) - quantile(sorted, 0.25)],
  none: () => [0, 1],
};

/** Linear between order statistics: Hyndman & Fan 1996, definition 7, as in R and NumPy. */
function quantile(sorted: Float64Array, p: number): number {
  const at = p * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (at - below);
}

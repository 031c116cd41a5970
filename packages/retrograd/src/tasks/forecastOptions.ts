/**
 * Everything that decides a forecaster, as plain data: what the user may choose, and what is left
 * chosen once the file has been looked at. The second goes into the model's config.json.
 */
import type { RoleOptions } from "../data/choose.ts";
import type { MissingPolicy } from "../data/missing.ts";
import type { Scaler, ScalerKind } from "../data/scalers.ts";
import type { Cycle } from "./calendar.ts";
import type { Learning, Network } from "./learning.ts";

export const AROUNDS = ["last", "season", "mean"] as const;
/**
 * What a forecast is a difference from: the last value, the value one season before, or the mean of
 * the training part.
 */
export type Around = (typeof AROUNDS)[number];

/** What a user may choose; all of it is optional. */
export interface ForecastOptions extends RoleOptions, Partial<Network>, Partial<Learning> {
  readonly missing?: MissingPolicy;
  readonly duplicates?: "refuse" | "mean" | "last";
  readonly irregular?: "refuse" | "keep";
  /** Steps to forecast. */
  readonly horizon?: number;
  /** Steps that the model sees before it forecasts. */
  readonly window?: number;
  /** Steps in a season, for the seasonal baseline. */
  readonly season?: number;
  /** Fractions or numbers of steps kept from training. */
  readonly validation?: number;
  readonly test?: number;
  readonly scaler?: ScalerKind;
  readonly around?: Around;
  /** Whether day, week and year are inputs. */
  readonly calendar?: boolean;
  /** Whether values are seen relative to the last one, for series that drift. */
  readonly drift?: boolean;
}

/** How the differences that a model forecasts are scaled, one entry for each target. */
export interface Differences {
  readonly shift: readonly number[];
  readonly scale: readonly number[];
  /** Size of the differences within a window, where values are seen relative to the last one. */
  readonly inside: readonly number[] | null;
}

/** Half-widths of a forecast: errors in the validation part, [target][step ahead]. */
export interface Spread {
  readonly low: readonly (readonly number[])[];
  readonly high: readonly (readonly number[])[];
}

/** A forecaster without its weights. */
export interface ForecastConfig {
  readonly task: "forecast";
  readonly roles: {
    readonly time: RoleOptions["time"];
    readonly target: readonly string[];
    readonly covariates: readonly string[];
    readonly group: string | null;
    readonly missing: MissingPolicy;
    readonly duplicates: "refuse" | "mean" | "last";
    readonly irregular: "refuse" | "keep";
  };
  readonly horizon: number;
  readonly window: number;
  readonly season: number;
  readonly validation: number;
  readonly test: number;
  readonly around: Around;
  readonly cycles: readonly Cycle[];
  readonly scaler: Scaler;
  readonly differences: Differences;
  readonly network: Network;
  readonly learning: Learning;
  /** Errors within which 80 % of the validation part lay; null without one. */
  readonly spread: Spread | null;
}

/** Scale of MASE: the error of the seasonal naive forecast in the training part, [target]. */
export type Scales = ReadonlyMap<string, readonly number[]>;

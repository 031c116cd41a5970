/**
 * retrograd demo: a forecaster of a real series, start to end: the daily maximum temperature in
 * Seattle, 2012 to 2015, from the collection vega-datasets (source: NOAA).
 */
import { fileURLToPath } from "node:url";
import { freeFolder } from "../run/folder.ts";
import type { Given } from "../settings.ts";
import type { Terminal } from "../show/terminal.ts";
import { viewFor } from "../show/view.ts";
import { type TrainFlags, trainOn } from "./train.ts";

/** Where an installed package keeps a file; vega-datasets exports its main module only. */
export const seriesPath = (): string =>
  fileURLToPath(new URL("../data/seattle-weather.csv", import.meta.resolve("vega-datasets")));

export const demoSettings: Given = {
  ...{ target: "temp_max", horizon: 7, window: 28, size: 32, epochs: 30, patience: 8, seed: 0 },
};

export async function demoCommand(terminal: Terminal, flags: TrainFlags): Promise<number> {
  viewFor(terminal, flags.json ?? false).say(
    "Demonstration: the daily maximum temperature in Seattle, 2012 to 2015. An LSTM learns to " +
      "forecast a week, and is judged on the last months, which it has not seen.",
  );
  const out = flags.out ?? freeFolder("demo");
  return trainOn(terminal, { ...flags, out }, seriesPath(), demoSettings);
}

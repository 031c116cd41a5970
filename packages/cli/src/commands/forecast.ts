/**
 * retrograd forecast RUN [FILE]: what comes after the end of a file, for people, CSV or machines.
 */
import { formatCsv, type SeriesArchive } from "retrograd/data";
import {
  type ForecastConfig,
  type Future,
  forecaster,
  forecastFuture,
  readArchive,
} from "retrograd/tasks";
import { EXIT, fail } from "../failure.ts";
import { type Source, sourceOf } from "../read/source.ts";
import { loadModel } from "../run/model.ts";
import { futureTable } from "../show/summary.ts";
import type { Terminal } from "../show/terminal.ts";
import { futureJson, timeText } from "../show/times.ts";

interface ForecastFlags {
  readonly json?: boolean;
  readonly csv?: boolean;
}

export async function forecastCommand(
  terminal: Terminal,
  flags: ForecastFlags,
  folder: string,
  file?: string,
): Promise<number> {
  const { config, params } = await loadModel(folder, "forecast");
  const source = await sourceOf(folder, config.run, file);
  const { futures, isDate } = await seriesOf(source, folder, config)
    .then((archive) => ({
      futures: forecastFuture(config, forecaster(config, params), archive),
      isDate: archive.isDate,
    }))
    .finally(source.close);
  if (flags.json)
    for (const line of futures)
      terminal.out(`${JSON.stringify({ type: "forecast", ...futureJson(line, isDate) })}\n`);
  else if (flags.csv) terminal.out(csvOf(futures, isDate));
  else terminal.out(`\n${futureTable(futures, isDate, terminal.paint.bind(terminal))}\n\n`);
  return EXIT.fine;
}

/** The series of a source for a trained forecaster. @throws "source-not-table" */
export async function seriesOf(
  source: Source,
  model: string,
  config: ForecastConfig,
): Promise<SeriesArchive> {
  // A table of one column has no separator to be known by; its name may still say what it is.
  if (source.kind === "text" && !/\.(csv|tsv|txt|tab)$/i.test(source.name))
    fail("source-not-table", { path: source.path, model });
  if (!source.series) return readArchive(await source.table(), config);
  const { time, ...roles } = config.roles;
  const { archive } = await source.series({ ...roles, ...(time !== undefined && { time }) });
  return archive;
}

function csvOf(futures: readonly Future[], isDate: boolean): string {
  const names = Object.keys(futures[0].forecast);
  const limits = futures[0].low !== null;
  const head = [
    "series",
    "time",
    ...names.flatMap((n) => (limits ? [n, `${n} low`, `${n} high`] : [n])),
  ];
  const rows = futures.flatMap(({ series, times, forecast, low, high }) =>
    times.map((time, h) => [
      series,
      timeText(time, isDate),
      ...names.flatMap((n) =>
        low && high ? [forecast[n][h], low[n][h], high[n][h]] : [forecast[n][h]],
      ),
    ]),
  );
  return formatCsv(
    head,
    head.map((_, c) => rows.map((row) => row[c])),
  );
}

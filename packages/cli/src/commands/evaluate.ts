/** retrograd evaluate RUN FILE: how good a model is on a whole file, beside what costs nothing. */
import { encoded, isBlank, piecesOf } from "retrograd/data";
import { forecaster, scoreForecasts, scoreLanguage } from "retrograd/tasks";
import { EXIT, fail } from "../failure.ts";
import { readSource, type Source } from "../read/source.ts";
import type { RunConfig } from "../run/config.ts";
import { loadModel } from "../run/model.ts";
import { forecastTable, forecastVerdict, languageTable, languageVerdict } from "../show/summary.ts";
import type { Terminal } from "../show/terminal.ts";
import { seriesOf } from "./forecast.ts";

/** Fewest characters that a mean is told of. */
const LEAST = 9;

type Config<T> = Extract<RunConfig, { task: T }>;

export async function evaluateCommand(
  terminal: Terminal,
  flags: { readonly json?: boolean },
  folder: string,
  file: string,
): Promise<number> {
  const { config, params } = await loadModel(folder);
  const source = await readSource(file, config.run.settings);
  const learned = source.sha256 === config.run.source.sha256;
  const judged = learned ? `${file}, most of which it has learned from` : file;
  const found = await (config.task === "forecast"
    ? onTable(terminal, config as Config<"forecast">, params, folder, source, judged)
    : onText(terminal, config as Config<"language">, params, source, judged)
  ).finally(source.close);
  if (flags.json)
    terminal.out(`${JSON.stringify({ type: "summary", learned, ...found.scores })}\n`);
  else terminal.out(`\n${found.text}\n\n`);
  return EXIT.fine;
}

async function onTable(
  { paint }: Terminal,
  config: Config<"forecast">,
  params: unknown,
  folder: string,
  source: Source,
  judged: string,
) {
  const archive = await seriesOf(source, folder, config);
  const { window, horizon } = config;
  const parts = archive.series.map(({ length: end }, series) => ({
    series,
    start: 0,
    end,
  }));
  if (parts.every(({ end }) => end < window + horizon))
    fail("nothing-to-score", { file: source.path, window, horizon });
  const scores = scoreForecasts(config, forecaster(config, params), archive, parts);
  const table = forecastTable(scores, judged, paint);
  return { scores, text: `${table}\n\n${forecastVerdict(scores, paint)}` };
}

async function onText(
  { paint }: Terminal,
  config: Config<"language">,
  params: unknown,
  source: Source,
  judged: string,
) {
  const file = source.path;
  if (source.characters === undefined)
    fail("source-unreadable", { path: file, reason: "it is no text, and the model reads texts" });
  const characters = await source.characters();
  if (isBlank(characters)) fail("text-empty", { file });
  const codes = encoded(config.vocabulary, characters, file);
  if (codes.length < LEAST) fail("text-short", { what: file, length: codes.length, least: LEAST });
  let unknown = 0;
  for (const piece of piecesOf(codes))
    for (const code of piece) if (code === config.vocabulary.unknown) unknown++;
  const scores = await scoreLanguage(config, params, codes, config.counts, undefined);
  const note = unknown
    ? `\n${unknown} characters that the model has never seen were read as its unknown symbol.`
    : "";
  return {
    scores: { ...scores, unknown },
    text: `${languageTable(scores, judged, paint)}\n\n${languageVerdict(scores, paint)}${note}`,
  };
}

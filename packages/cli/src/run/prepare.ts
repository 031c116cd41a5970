/** From a source and settings to a task: which one, and what was decided. */

import { describeTable, type SeriesOptions, type Table } from "retrograd/data";
import {
  type ForecastTask,
  type LanguageTask,
  prepareForecast,
  prepareLanguage,
  prepareSeries,
} from "retrograd/tasks";
import { fail } from "../failure.ts";
import type { Source } from "../read/source.ts";
import { type Given, inFlags, type SettingName, settingNames, settings } from "../settings.ts";

export type Prepared = ForecastTask | LanguageTask;

/** Settings of where and how a run is carried out, which change nothing of what is learned. */
const PLACE: readonly SettingName[] = ["task", "compileFor", "checkpoint", "shards", "stream"];

/** What a file is taken for, in sentences, and the task. */
export async function prepare(source: Source, given: Given): Promise<[Prepared, string[]]> {
  const wanted = given.task ?? (source.kind === "text" ? "language" : "forecast");
  for (const name of settingNames) {
    const own: { task?: string; flag: string } = settings[name];
    if (given[name] !== undefined && own.task && own.task !== wanted)
      fail("option-task", { option: own.flag.split(" ")[0], task: wanted, file: source.path });
  }
  const options: Given = Object.fromEntries(
    Object.entries(given).filter(([name]) => !PLACE.includes(name as SettingName)),
  );
  const because = given.task ? "as --task says" : source.because;
  if (wanted === "language") {
    if (source.characters === undefined)
      fail("option-value", {
        ...{ option: "--task", given: "language" },
        expected: `forecast for ${source.path}, which is no text`,
      });
    const how = source.streams ? ", in pieces from the disk" : "";
    const intro = `${source.name} is read as a text (${because})${how}, for a character language model.`;
    const task = prepareLanguage(await source.characters(), options, source.path);
    return [task, [intro, ...task.notes]];
  }
  if (source.series) return prepareLarge(source, source.series, given, lists(options));
  const table = await source.table();
  const intro = `${source.name} is read as a table (${because}), for a forecaster.`;
  const task = prepareForecast(table, lists(options));
  const found = `${describeTable(table).replace(/^.*?: /, "")}.`;
  const notes = [...task.notes, ...describeColumns(table, task, given)].map(inFlags);
  return [task, [intro, found, ...notes]];
}

/** A forecaster of a table that is never in memory. */
async function prepareLarge(
  source: Source,
  open: NonNullable<Source["series"]>,
  given: Given,
  options: Record<string, unknown>,
): Promise<[ForecastTask, string[]]> {
  const { path, because, name } = source;
  const intro = `${name} is read as a table (${because}), in pieces from the disk, for a forecaster.`;
  if (given.scaler === "robust") {
    const reason = "its values are not sorted for a robust scaler";
    fail("stream-cannot", { path, reason, cure: "Set scaler to standard or min-max" });
  }
  const { archive, relation, rows } = await open(options as SeriesOptions);
  const task = prepareSeries(archive, { ...options, time: archive.time });
  const { sample } = relation;
  const found = `${rows.toLocaleString("en")} rows; the first ${sample.rows.toLocaleString("en")} say what its columns are.`;
  return [
    task,
    [intro, found, ...[...task.notes, ...describeColumns(sample, task, given)].map(inFlags)],
  ];
}

function names(list: readonly string[]): string {
  const shown = list.slice(0, 6).map((name) => `"${name}"`);
  return [...shown, ...(list.length > 6 ? [`${list.length - 6} more`] : [])].join(", ");
}

/** Which columns help, and which of the numbers are left out, with the options that change it. */
function describeColumns(table: Table, { config }: ForecastTask, given: Given): string[] {
  const { target, covariates, group, time } = config.roles;
  const taken = [...target, ...covariates, group, ...[time].flat(), ...[given.time].flat()];
  const rest = table.columns.filter(({ name, type }) => type === "number" && !taken.includes(name));
  const one = rest.find(({ summary }) => summary.distinct > 1)?.name ?? rest[0]?.name;
  const quoted = one && /[^\p{L}\p{N}_.-]/u.test(one) ? JSON.stringify(one) : one;
  const notes: string[] = [];
  if (covariates.length > 0) {
    const verb = covariates.length === 1 ? "helps" : "help";
    notes.push(`${names(covariates)} ${verb} to forecast ${names(target)} (as given).`);
  }
  if (one !== undefined)
    notes.push(
      `Not used: ${names(rest.map(({ name }) => name))} ` +
        `(--covariate ${quoted} to learn from it, --target ${quoted} to forecast it).`,
    );
  return notes;
}

/** One name stands for a list of one. */
function lists(options: Partial<Record<SettingName, any>>): Record<string, unknown> {
  const { covariates, ...rest } = options;
  return covariates === undefined ? rest : { ...rest, covariates: [covariates].flat() };
}

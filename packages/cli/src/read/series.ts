/**
 * Series of a table that is never in memory. DuckDB checks the cells, tells the series apart and
 * sorts the rows, on disk where it must; what it hands over passes once through the library's
 * gatherer into a file of steps, from which everything else reads in places.
 */
import {
  type Column,
  chooseRoles,
  commonestFrequency,
  describeSteps,
  Gatherer,
  type RoleOptions,
  type Roles,
  type SeriesArchive,
  type SeriesOptions,
  type SortedRows,
  seasonFor,
} from "retrograd/data";
import { seriesFile } from "retrograd/node";
import { fail } from "../failure.ts";
import { type Chunk, type Database, openDatabase } from "./database.ts";
import {
  csvRelation,
  nameSql,
  numberSql,
  parquetRelation,
  type Relation,
  timeSql,
} from "./relation.ts";

export interface LargeSeries {
  readonly archive: SeriesArchive;
  readonly relation: Relation;
  /** Rows of the table. */
  readonly rows: number;
  /** Let go of the file of steps. */
  close(): void;
}

/**
 * The series of a CSV or Parquet file of any size.
 * @throws what `readSeries` throws; "stream-cannot", "stream-irregular", "source-unreadable",
 *         "parquet-needs-duckdb", "disk-full"
 */
export async function openSeries(
  path: string,
  kind: "table" | "parquet",
  options: SeriesOptions,
): Promise<LargeSeries> {
  const database = await openDatabase(path);
  try {
    const relation =
      kind === "parquet" ? await parquetRelation(database, path) : await csvRelation(path);
    if (options.missing === "interpolate")
      cannot(path, "missing values are not interpolated", "Set missing to forward");
    return await gather(database, relation, options);
  } finally {
    await database.close();
  }
}

const cannot = (path: string, reason: string, cure: string): never =>
  fail("stream-cannot", { path, reason, cure });

/** The columns of the series in SQL. */
interface Reading {
  readonly time: string | null;
  readonly group: string | null;
  readonly values: readonly string[];
}

async function gather(
  database: Database,
  relation: Relation,
  options: SeriesOptions,
): Promise<LargeSeries> {
  const { sample, path, from, firstLine } = relation;
  const found = chooseRoles(sample, options);
  const { column: time, ...rest } = await timeOf(database, relation, found, options);
  const roles = await withGroup(database, relation, { ...found, ...rest }, options);
  const features = [...roles.targets, ...roles.covariates];
  const group = roles.group && sample.columns.find(({ name }) => name === roles.group!.name)!;
  const reading: Reading = {
    time: time && timeSql(relation, time),
    group: group && nameSql(relation, group),
    values: features.map((name) => numberSql(relation, name).value),
  };
  const rows = await check(database, relation, reading, features, time, group);
  const series = await seriesIn(database, relation, reading, roles.targets.join(", "), rows);
  const file = seriesFile(features.length);
  try {
    const gatherer = new Gatherer(
      {
        ...{ file: path, features, series, timed: time !== null },
        isDate: roles.time?.isDate ?? false,
        missing: options.missing ?? "forward",
        duplicates: options.duplicates ?? "refuse",
        irregular: options.irregular ?? "refuse",
      },
      file.write,
    );
    for await (const chunk of database.chunks(sortedSql(from, reading)))
      gatherer.add(sortedRows(chunk, features.length, firstLine));
    gatherer.finish();
    const archive = archiveOf(roles, gatherer, file, { path, rows, options });
    return { archive, relation, rows, close: file.close };
  } catch (error) {
    file.close();
    throw error;
  }
}

/** The column of time, whose cells must mean the same in SQL. @throws "stream-cannot" */
async function timeOf(
  database: Database,
  relation: Relation,
  { time }: Roles,
  { time: given }: RoleOptions,
): Promise<{ column: Column | null }> {
  if (!time) return { column: null };
  const { sample, path, from } = relation;
  const column = sample.columns.find(({ name }) => name === time.name);
  if (!column || (given && typeof given !== "string"))
    return cannot(path, "time is not joined from two columns", "Write times into one column");
  const sql = `SELECT ${timeSql(relation, column)} FROM ${from} ORDER BY "row" LIMIT 1000`;
  const read = await database.rows(sql);
  const strange = read.findIndex(([value], row) => {
    const expected = time.values[row];
    return Number.isNaN(expected) ? value !== null : value !== expected;
  });
  if (strange >= 0)
    cannot(
      path,
      `the times of column "${time.name}" are not understood (line ${sample.lines[strange]})`,
      "Write them as YYYY-MM-DD or YYYY-MM-DD HH:MM:SS",
    );
  return { column };
}

/** Where times repeat in the file as a whole, the column that tells the series apart. */
async function withGroup(
  database: Database,
  relation: Relation,
  roles: Roles,
  options: SeriesOptions,
): Promise<Roles> {
  const { sample, from } = relation;
  const time = sample.columns.find(({ name }) => name === roles.time?.name);
  if (options.group !== undefined || roles.group || !time) return roles;
  const sql = timeSql(relation, time);
  const unique = async (key: string) =>
    database.rows(`SELECT count(*) = count(DISTINCT ${key}), count(DISTINCT ${key}) FROM ${from}`);
  const [[single]] = await unique(sql);
  if (single) return roles;
  for (const column of sample.columns) {
    const key = column.type === "text" || /(^|_)(id|group|series|key)$/i.test(column.name);
    if (!key || column === time || roles.targets.includes(column.name)) continue;
    const [[apart]] = await unique(`(${sql}, ${nameSql(relation, column)})`);
    if (!apart) continue;
    const note = `Times repeat: each "${column.name}" is a series of its own.`;
    return { ...roles, group: { name: column.name, values: [] }, notes: [...roles.notes, note] };
  }
  return roles;
}

/** Every cell that is used means what the first rows say; gives the number of rows. */
async function check(
  database: Database,
  relation: Relation,
  reading: Reading,
  features: readonly string[],
  time: Column | null,
  group: Column | null,
): Promise<number> {
  const { from, path, firstLine } = relation;
  const first = (condition: string) => `min("row") FILTER (WHERE ${condition})`;
  const wrong = features.map((name) => first(numberSql(relation, name).wrong));
  const none = [reading.time, reading.group].map((sql) => first(sql ? `${sql} IS NULL` : "false"));
  const sql = `SELECT ${["count(*)", ...none, ...wrong].join(", ")} FROM ${from}`;
  const [[count, noTime, noGroup, ...bad]] = await database.rows(sql);
  const line = (row: unknown) => Number(row) + firstLine;
  const cellAt = async (name: string, row: unknown) => {
    const { sql } = relation.column(name);
    const [[cell]] = await database.rows(
      `SELECT CAST(${sql} AS VARCHAR) FROM ${from} WHERE "row" = ${row}`,
    );
    return cell === null ? null : String(cell);
  };
  for (const [f, row] of bad.entries())
    if (row !== null) {
      const cell = (await cellAt(features[f], row)) ?? "";
      fail("table-not-a-number", { file: path, column: features[f], line: line(row), cell });
    }
  if (time && noTime !== null) {
    const cell = await cellAt(time.name, noTime);
    const place = { file: path, column: time.name, line: line(noTime) };
    if (cell?.trim()) fail("table-not-a-date", { ...place, cell });
    fail("series-no-time", place);
  }
  if (group && noGroup !== null)
    fail("series-no-group", { file: path, column: group.name, line: line(noGroup) });
  return Number(count);
}

/** The series in the order in which they come in the file, with their names and rows. */
async function seriesIn(
  database: Database,
  { from }: Relation,
  { group }: Reading,
  name: string,
  rows: number,
): Promise<{ name: string; rows: number }[]> {
  if (!group) return [{ name, rows }];
  const sql = `SELECT ${group}, count(*) FROM ${from} GROUP BY 1 ORDER BY min("row")`;
  return (await database.rows(sql)).map(([key, count]) => ({
    name: String(key),
    rows: Number(count),
  }));
}

/** Rows by series, time and place in the file: number of the series, time, row, values. */
function sortedSql(from: string, { time, group, values }: Reading): string {
  const columns = values.map((value, f) => `coalesce(${value}, CAST('nan' AS DOUBLE)) AS v${f}`);
  const keys = [`${time ?? "CAST(0 AS DOUBLE)"} AS t`, `CAST("row" AS DOUBLE) AS r`, ...columns];
  const plain = `SELECT ${group ?? "0"} AS g, ${keys.join(", ")} FROM ${from}`;
  // Without times, rows come in the order of the file as they are.
  const order = time ? "ORDER BY t, r" : "";
  if (!group) return `SELECT CAST(0 AS DOUBLE), * EXCLUDE (g) FROM (${plain}) ${order}`;
  const firsts = `SELECT ${group} AS g, min("row") AS first FROM ${from} GROUP BY 1`;
  const ranked = `SELECT g, CAST(row_number() OVER (ORDER BY first) - 1 AS DOUBLE) AS s FROM (${firsts})`;
  return `SELECT s, rows.* EXCLUDE (g) FROM (${plain}) AS rows JOIN (${ranked}) AS names USING (g) ORDER BY s, t, r`;
}

function sortedRows({ count, at }: Chunk, features: number, firstLine: number): SortedRows {
  const column = (c: number) => Float64Array.from({ length: count }, (_, i) => at(c, i) as number);
  const values = new Float64Array(count * features);
  for (let f = 0; f < features; f++)
    for (let i = 0; i < count; i++) values[i * features + f] = at(3 + f, i) as number;
  const lines = column(2).map((row) => row + firstLine);
  return { count, series: column(0), times: column(1), lines, values };
}

function archiveOf(
  roles: Roles,
  { outlines, cells, seen }: Gatherer,
  file: ReturnType<typeof seriesFile>,
  { path, rows, options }: { path: string; rows: number; options: SeriesOptions },
): SeriesArchive {
  const begins = [0];
  for (const { length } of outlines) begins.push(begins.at(-1)! + length);
  const features = [...roles.targets, ...roles.covariates];
  const steps = begins.at(-1)!;
  const rhythm = commonestFrequency(outlines);
  const told = describeSteps(outlines, { rows, steps, cells, seen }, options.missing ?? "forward");
  return {
    ...{ file: path, series: outlines, features, targets: roles.targets.length },
    ...{ time: roles.time?.name ?? null, isDate: roles.time?.isDate ?? false },
    ...{ group: roles.group?.name ?? null, frequency: rhythm, season: seasonFor(rhythm) },
    notes: [...roles.notes, ...told],
    read: (series, from, to) => file.read(begins[series] + from, begins[series] + to),
  };
}

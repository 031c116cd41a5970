/**
 * From a file to batches: cells, tables, series on a grid, splits, scalers, windows and streams;
 * text and its vocabulary; and the baselines and measures that every forecast has to face.
 */

export { archiveOf, type Outline, type SeriesArchive } from "./archive.ts";
export { drift, meanForecast, naive, seasonalNaive } from "./baselines.ts";
export {
  type BatchOptions,
  bucketByLength,
  epochBatches,
  type Padded,
  padSequences,
} from "./batches.ts";
export { type Codes, charactersOf, countPoints, isBlank, piecesOf } from "./characters.ts";
export type { RoleOptions } from "./choose.ts";
export { chooseRoles, type Roles } from "./choose.ts";
export type {
  Column,
  ColumnType,
  DateColumn,
  NumberColumn,
  Summary,
  TextColumn,
} from "./columns.ts";
export { type Csv, type CsvOptions, formatCsv, parseCsv } from "./csv.ts";
export { formatTime } from "./dates.ts";
export type { Separator } from "./dialect.ts";
export {
  type Frequency,
  inferFrequency,
  seasonFor,
  type TimeUnit,
  timeAfter,
} from "./frequency.ts";
export { Gatherer, type GatherOptions, type SortedRows } from "./gather.ts";
export type { ColumnOptions } from "./infer.ts";
export { mae, mase, rmse, type Scored, seasonalScale, smape } from "./metrics.ts";
export type { MissingPolicy, Steps } from "./missing.ts";
export { inTurn, type Places, type Ranges, rangesOf, spaced } from "./ranges.ts";
export {
  fitScaler,
  readScaler,
  type Scaler,
  type ScalerKind,
  type ScalerOptions,
  type Scaling,
  scale,
  scaleSeries,
  unscale,
} from "./scalers.ts";
export { autocorrelation, type Season, seasonalPeriod } from "./seasons.ts";
export {
  commonestFrequency,
  describeSteps,
  readSeries,
  type Series,
  type SeriesOptions,
  type SeriesSet,
} from "./series.ts";
export { permutation, threefry } from "./shuffle.ts";
export { type Part, type Split, type SplitOptions, splitSeries } from "./split.ts";
export { makeStreams, type StreamBatch, type StreamOptions, type Streams } from "./streams.ts";
export {
  type CellValue,
  describeTable,
  findColumn,
  findNumbers,
  readTable,
  type Table,
  tableFromColumns,
} from "./table.ts";
export { makeTextStreams, splitText, type TextBatch, type TextStreams } from "./text.ts";
export { decodeUtf8 } from "./utf8.ts";
export {
  buildVocabulary,
  decode,
  encode,
  encoded,
  readVocabulary,
  type Vocabulary,
} from "./vocabulary.ts";
export {
  type Batch,
  type FloatName,
  type Floats,
  makeWindows,
  type SeriesSource,
  takeWindows,
  type WindowOptions,
  type Windows,
} from "./windows.ts";

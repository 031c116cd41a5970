/** Messages of files, tables, series, splits, scalers, windows, texts, baselines and measures. */
import { type Fail, failFrom } from "../errors.ts";
import { compilerMessages } from "./compiler.ts";

type Place = { file: string; line: number };
type Column = { file: string; column: string };
type One = { file: string; series: string };

const names = (list: readonly string[]) => {
  const shown = list.slice(0, 12).map((name) => `"${name}"`);
  return list.length > 12 ? `${shown.join(", ")} and ${list.length - 12} more` : shown.join(", ");
};
const sign = (separator: string) => (separator === "\t" ? "tab" : `"${separator}"`);
const clip = (text: string) => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
const steps = (count: number) => `${count} ${count === 1 ? "step" : "steps"}`;
const point = (character: string) =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;

export const dataMessages = {
  "csv-empty": {
    text: (o: { file: string }) => `${o.file} is empty: it has no cell to read.`,
    cure: () => "Give a file with a row of column names and at least one row of values.",
  },
  "csv-no-rows": {
    text: (o: { file: string; names: readonly string[] }) =>
      `${o.file} has a header (${names(o.names)}) and no row below it.`,
    cure: () =>
      "Add rows; if the first row holds values, put a row of names above it (in code: header: false).",
  },
  "csv-ragged": {
    text: (o: Place & { got: number; want: number; separator: string }) =>
      `${o.file}, line ${o.line}: ${o.got} cells, but the first row has ${o.want} (separator ${sign(o.separator)}).`,
    cure: () =>
      "Give the line as many cells as the others, and put cells that hold the separator in quotes (in code: separator names another).",
  },
  "csv-unterminated": {
    text: (o: Place) => `${o.file}, line ${o.line}: the quote that opens here is never closed.`,
    cure: () => 'Close it with ", and write a quote inside a cell as "".',
  },
  "csv-quote": {
    text: (o: Place & { cell: string }) =>
      `${o.file}, line ${o.line}: a quote inside the cell ${clip(o.cell)}, which is not wholly in quotes.`,
    cure: () =>
      'Put the whole cell in quotes, without blanks around them, and write a quote inside it as "".',
  },
  "csv-duplicate-column": {
    text: (o: Place & { name: string }) =>
      `${o.file}, line ${o.line}: two columns are named "${o.name}".`,
    cure: () =>
      "Rename one; if the first row holds values, put a row of names above it (in code: header: false).",
  },
  "table-empty": {
    text: (o: { file: string }) => `${o.file} has no rows.`,
    cure: () => "Give columns with at least one value.",
  },
  "table-lengths": {
    text: (o: Column & { got: number; first: string; want: number }) =>
      `${o.file}: column "${o.column}" has ${o.got} values, but "${o.first}" has ${o.want}.`,
    cure: () => "Give every column one value per row; null stands for a missing one.",
  },
  "table-no-column": {
    text: (o: { file: string; name: string; names: readonly string[] }) =>
      `${o.file} has no column "${o.name}".`,
    cure: (o: { names: readonly string[] }) => `Its columns are ${names(o.names)}.`,
  },
  "table-not-a-number": {
    text: (o: Column & { line: number; cell: string }) =>
      `${o.file}, line ${o.line}: ${clip(o.cell)} in column "${o.column}" is not a number.`,
    cure: (o: Column & { cell: string }) =>
      `Correct the cell, or leave it empty if it has no value (in code: missing: [${clip(o.cell)}], or types: { ${JSON.stringify(o.column)}: "text" }).`,
  },
  "table-not-a-date": {
    text: (o: Column & { line: number; cell: string }) =>
      `${o.file}, line ${o.line}: ${clip(o.cell)} in column "${o.column}" is not a date like the others.`,
    cure: (o: Column & { cell: string }) =>
      `Correct the cell (YYYY-MM-DD is always read), or leave it empty if it has no value (in code: missing: [${clip(o.cell)}], or types: { ${JSON.stringify(o.column)}: "text" }).`,
  },
  "table-date-order": {
    text: (o: Column & { cell: string }) =>
      `${o.file}: in the dates of column "${o.column}", such as ${clip(o.cell)}, day and month cannot be told apart.`,
    cure: () => 'Write the dates as YYYY-MM-DD (in code: dateOrder: "day-first" or "month-first").',
  },
  "table-not-numeric": {
    text: (o: Column & { type: string; line: number; cell: string }) =>
      `${o.file}: column "${o.column}" holds ${o.type === "date" ? "dates" : "text"}, not numbers: line ${o.line} is ${clip(o.cell)}.`,
    cure: () =>
      "Choose a column of numbers, or turn this one into numbers first (one column of 0 and 1 per value).",
  },
  "series-time-column": {
    text: (o: Column & { cell: string }) =>
      `${o.file}: column "${o.column}" cannot be time: it holds text such as ${clip(o.cell)}.`,
    cure: () =>
      "Write times as YYYY-MM-DD or YYYY-MM-DD HH:MM, or set time to null to take the order of the rows.",
  },
  "series-no-target": {
    text: (o: { file: string; names: readonly string[] }) =>
      `${o.file} has no column of numbers to forecast among ${names(o.names)}.`,
    cure: () =>
      "Name the target; if its cells look like numbers, check the decimal sign and the cells without a value.",
  },
  "series-role-twice": {
    text: (o: { column: string }) => `Column "${o.column}" is both target and covariate.`,
    cure: () => "Leave it out of the covariates: the past of a target is always an input.",
  },
  "series-no-time": {
    text: (o: Column & { line: number }) =>
      `${o.file}, line ${o.line}: no time in column "${o.column}".`,
    cure: () => "Fill in the time, or delete the row.",
  },
  "series-no-group": {
    text: (o: Column & { line: number }) =>
      `${o.file}, line ${o.line}: no value in column "${o.column}", which names the series.`,
    cure: () => "Fill in the cell, or delete the row.",
  },
  "series-duplicate-time": {
    text: (o: One & { time: string; lines: readonly number[] }) =>
      `${o.file}: series "${o.series}" has two rows for ${o.time}, lines ${o.lines.join(" and ")}.`,
    cure: () =>
      'Name the column that tells the series apart (group); for local clocks that are turned back, write the offset (+01:00); or set duplicates to "mean" or "last".',
  },
  "stream-irregular": {
    text: (o: One & { line: number; before: string; now: string; rhythm: string; rows: number }) =>
      `${o.file}, line ${o.line}: series "${o.series}" goes from ${o.before} to ${o.now}, which does not fit the rhythm (${o.rhythm}) of the rows before, and in a file that is read in pieces that is known too late to keep the order of the rows.`,
    cure: () => "Correct the time, or set time to null, or read the file as a whole (--no-stream).",
  },
  "series-irregular": {
    text: (o: One & { line: number; before: string; now: string; rhythm: string }) =>
      `${o.file}, line ${o.line}: series "${o.series}" goes from ${o.before} to ${o.now}, which does not fit its rhythm (${o.rhythm}).`,
    cure: () => 'Correct the time, or set irregular to "keep" to take the order of the rows.',
  },
  "series-sparse": {
    text: (o: One & { rows: number; steps: number; rhythm: string }) =>
      `${o.file}: series "${o.series}" would need ${o.steps} steps for its ${o.rows} rows, if it is ${o.rhythm}.`,
    cure: () =>
      'Check the times for a wrong year, average the rows over longer steps, or set irregular to "keep".',
  },
  "series-missing-value": {
    text: (o: One & { column: string; time: string; count: number }) =>
      `${o.file}: series "${o.series}" lacks ${o.count} of "${o.column}", the first at ${o.time}.`,
    cure: () => 'Fill them in, or set missing to "forward", "interpolate" or "drop".',
  },
  "series-all-missing": {
    text: (o: One & { column: string }) =>
      `${o.file}: series "${o.series}" has no value at all in column "${o.column}".`,
    cure: () => "Leave the column or the series out.",
  },
  "series-no-full-step": {
    text: (o: One & { steps: number }) =>
      `${o.file}: none of the ${o.steps} steps of series "${o.series}" has all of its values.`,
    cure: () => 'Set missing to "forward" or "interpolate", or use fewer covariates.',
  },
  "split-fractions": {
    text: (o: { validation: number; test: number; reason: string }) =>
      `Cannot keep ${o.validation} for validation and ${o.test} for testing: ${o.reason}.`,
    cure: () =>
      "Give each a fraction below 1 or a whole number of steps, and leave something to train on.",
  },
  "split-short": {
    text: (o: {
      series: string;
      length: number;
      input: number;
      horizon: number;
      trained: number;
      validated: number;
      tested: number;
    }) =>
      `Series "${o.series}" of ${steps(o.length)} is too short: split into ${o.trained} for training, ${o.validated} for validation and ${o.tested} for testing, but training needs ${o.input + o.horizon} (input ${o.input} + horizon ${o.horizon}) and each other part ${o.horizon}.`,
    cure: () =>
      'Shorten the input or the horizon, or keep less for validation and testing (in code: short: "skip").',
  },
  "split-none": {
    text: (o: { count: number; longest: number; input: number; horizon: number }) =>
      `None of the ${o.count} series is long enough: the longest has ${steps(o.longest)}, one window needs ${o.input + o.horizon} (input ${o.input} + horizon ${o.horizon}) beside validation and testing.`,
    cure: () => "Shorten the input or the horizon, or keep less for validation and testing.",
  },
  "scaler-constant": {
    text: (o: { column: string; series: string | null; value: number; kind: string }) => {
      const where = o.series === null ? "" : ` of series "${o.series}"`;
      return o.kind === "robust"
        ? `Column "${o.column}"${where} cannot be scaled by its quartiles: its middle half is always ${o.value} in training.`
        : `Column "${o.column}"${where} is constant: it is always ${o.value} in training.`;
    },
    cure: (o: { kind: string; series: string | null }) =>
      o.kind === "robust"
        ? 'Set scaler to "standard", or leave the column out.'
        : o.series !== null
          ? 'Leave out the rows of that series, or set scaler to "none" to keep all values as they are (in code, constant: "keep" scales it by 1).'
          : 'A column that never changes tells nothing: leave it out, and set target to another if it is the one to forecast (in code, constant: "keep" scales it by 1).',
  },
  "scaler-no-values": {
    text: (o: { column: string; series: string | null }) =>
      `Column "${o.column}"${o.series === null ? "" : ` of series "${o.series}"`} has no observed value in training.`,
    cure: () => "Leave the column or the series out, or train on more of the past.",
  },
  "scaler-unknown-series": {
    text: (o: { series: string; known: readonly string[] }) =>
      `The scaler was fitted per series and does not know "${o.series}".`,
    cure: (o: { known: readonly string[] }) =>
      `It knows ${names(o.known)}. For series not seen in training, fit one scaler for all.`,
  },
  "scaler-unknown-feature": {
    text: (o: { name: string; known: readonly string[] }) =>
      `The scaler has no feature "${o.name}".`,
    cure: (o: { known: readonly string[] }) => `Its features are ${names(o.known)}.`,
  },
  "scaler-damaged": {
    text: (o: { reason: string }) => `This is not a scaler: ${o.reason}.`,
    cure: () => "Use the file as it was saved; if it is damaged, fit the scaler again.",
  },
  "windows-none": {
    text: (o: { input: number; horizon: number; longest: number }) =>
      `No window fits: input ${o.input} and horizon ${o.horizon} need more than the parts have (the longest has ${steps(o.longest)}).`,
    cure: () => "Shorten the input or the horizon, or make the part longer.",
  },
  "option-positive": {
    text: (o: { name: string; value: number }) =>
      `${o.name} is ${o.value}; it must be a whole number above 0.`,
    cure: (o: { name: string }) => `Give ${o.name} as 1, 2, 3, …`,
  },
  "seed-invalid": {
    text: (o: { name: string; value: number }) =>
      `${o.name} is ${o.value}; it must be a whole number from 0 to 2^53 − 1.`,
    cure: () => "Give a whole number, such as 0.",
  },
  "batch-ragged": {
    text: (o: { row: number; length: number; features: number }) =>
      `Sequence ${o.row} has ${o.length} numbers, which is no multiple of ${o.features} features.`,
    cure: () => "Give each sequence as [time, features], row by row.",
  },
  "text-not-utf8": {
    text: (o: { file: string; offset: number; byte: number; line: number }) =>
      `${o.file} is not UTF-8: byte 0x${o.byte.toString(16).toUpperCase().padStart(2, "0")} at offset ${o.offset} (line ${o.line}) does not belong there.`,
    cure: () =>
      "Convert it first, for example: iconv -f LATIN1 -t UTF-8 FILE > NEW. If it is no text, give another file.",
  },
  "text-utf16": {
    text: (o: { file: string }) => `${o.file} is UTF-16, not UTF-8.`,
    cure: () => "Save it as UTF-8, or convert it: iconv -f UTF-16 -t UTF-8 FILE > NEW.",
  },
  "text-empty": {
    text: (o: { file: string }) => `${o.file} is empty: there is nothing to learn.`,
    cure: () => "Give a text of at least some thousand characters.",
  },
  "text-short": {
    text: (o: { what: string; length: number; least: number; batch?: number }) =>
      `${o.what} has ${o.length} ${o.length === 1 ? "character" : "characters"}, too few: it takes at least ${o.least}${o.batch ? ` to feed ${o.batch} rows` : ""}.`,
    cure: (o: { batch?: number }) =>
      o.batch ? "Give a longer text or a smaller batch." : "Give a longer text.",
  },
  "text-unknown-character": {
    text: (o: { file: string; character: string; position: number; line: number; size: number }) =>
      `${o.file}, line ${o.line}: the character ${JSON.stringify(o.character)} (${point(o.character)}), number ${o.position} of the text from 0, is not among the ${o.size} that the model has seen.`,
    cure: () =>
      "Remove it, or train with a text that has it (in code, a vocabulary with unknown: true reads it as an unknown symbol).",
  },
  "text-unknown-code": {
    text: (o: { code: number; size: number }) =>
      `No character has the number ${o.code}: the vocabulary goes from 0 to ${o.size - 1}.`,
    cure: () => "Use the vocabulary that the model was trained with.",
  },
  "vocabulary-damaged": {
    text: (o: { reason: string }) => `This is not a vocabulary: ${o.reason}.`,
    cure: () => "Use the file as it was saved with the model.",
  },
  "baseline-short": {
    text: (o: { method: string; got: number; want: number }) =>
      `The ${o.method} forecast needs at least ${o.want} values of the past, and there are ${o.got}.`,
    cure: () => "Give a longer history, or another baseline.",
  },
  "metric-lengths": {
    text: (o: { metric: string; actual: number; forecast: number; mask: number }) =>
      `${o.metric} of ${o.actual} values, ${o.forecast} forecasts and a mask of ${o.mask}: they must be as many.`,
    cure: () => "Give one forecast (and one mask value) for each value.",
  },
  "metric-empty": {
    text: (o: { metric: string }) => `${o.metric} of no value at all.`,
    cure: () => "Give at least one value that the mask does not hide.",
  },
  "metric-scale": {
    text: (o: { length: number; season: number; pairs: number }) =>
      o.pairs === 0
        ? `MASE has no scale: a training series of ${steps(o.length)} has no two values ${o.season} apart.`
        : `MASE has no scale: the training series repeats itself exactly every ${steps(o.season)}.`,
    cure: () => "Give a longer training series or another season, or use MAE.",
  },
} as const;

const messages = { ...compilerMessages, ...dataMessages };
export const fail: Fail<typeof messages> = failFrom(messages);

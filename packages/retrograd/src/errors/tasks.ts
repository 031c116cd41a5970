/** Messages of tasks and of the command line: files as people give them, runs, models, options. */
import { type Fail, failFrom } from "../errors.ts";
import { compilerMessages } from "./compiler.ts";
import { dataMessages } from "./data.ts";

const steps = (count: number) => `${count} ${count === 1 ? "step" : "steps"}`;
const list = (names: readonly string[]) => names.map((name) => `"${name}"`).join(", ");

export const tasksMessages = {
  "source-missing": {
    text: (o: { path: string }) => `There is no file ${o.path}.`,
    cure: () => "Check the name and the folder that you are in.",
  },
  "source-folder": {
    text: (o: { path: string }) => `${o.path} is a folder, not a file.`,
    cure: () => "Give one file: a text, a CSV or a Parquet file.",
  },
  "source-unreadable": {
    text: (o: { path: string; reason: string }) => `${o.path} cannot be read: ${o.reason}.`,
    cure: () => "Check that it is a whole file of its kind and that you may read it.",
  },
  "source-changed": {
    text: (o: { path: string }) => `${o.path} is not as it was when the run began.`,
    cure: () =>
      "Put the old file back, or name it with --data; for new data, train anew or use forecast and evaluate.",
  },
  "source-moved": {
    text: (o: { path: string; folder: string }) =>
      `${o.folder} learned from ${o.path}, which is no longer there.`,
    cure: (o: { folder: string }) =>
      `Say where it is now: retrograd resume ${o.folder} --data FILE, or retrograd forecast ${o.folder} FILE.`,
  },
  "source-binary": {
    text: (o: { path: string; offset: number }) =>
      `${o.path} is neither text nor a table: it has a zero byte at offset ${o.offset}.`,
    cure: () => "Give a text in UTF-8, a CSV or a Parquet file.",
  },
  "source-not-table": {
    text: (o: { path: string; model: string }) =>
      `${o.path} is a text, but ${o.model} forecasts tables.`,
    cure: () => "Give a CSV or Parquet file with the columns that the model was trained on.",
  },
  "parquet-needs-duckdb": {
    text: (o: { path: string; reason: string }) =>
      `${o.path} needs DuckDB, which reads Parquet and tables in pieces and does not run here: ${o.reason}.`,
    cure: () => "Run npm ci again, or save the table as CSV and read it as a whole (--no-stream).",
  },
  "stream-cannot": {
    text: (o: { path: string; reason: string; cure: string }) =>
      `${o.path} is read in pieces, and then ${o.reason}.`,
    cure: (o: { cure: string }) => `${o.cure}, or read the file as a whole (--no-stream).`,
  },
  "window-too-long": {
    text: (o: { series: string; length: number; need: number; window: number; horizon: number }) =>
      `Series "${o.series}" has ${steps(o.length)}, too few for a window of ${o.window} and a horizon of ${o.horizon} with validation and test: that takes ${o.need}.`,
    cure: () => "Give a smaller --window or --horizon, or a longer series.",
  },
  "history-short": {
    text: (o: { series: string; length: number; window: number }) =>
      `Series "${o.series}" has ${steps(o.length)}, but the model reads ${o.window} before it forecasts.`,
    cure: () => "Give a file with more of the past.",
  },
  "nothing-to-score": {
    text: (o: { file: string; window: number; horizon: number }) =>
      `${o.file} holds no stretch of ${o.window} steps followed by ${o.horizon} known ones, so there is nothing to score.`,
    cure: () => "Give a longer file, or use forecast.",
  },
  "model-missing": {
    text: (o: { folder: string; file: string }) =>
      o.file === "config.json"
        ? `${o.folder} is not the folder of a run: there is no ${o.file}.`
        : `${o.folder} holds no finished model: there is no ${o.file}.`,
    cure: (o: { folder: string; file: string }) =>
      o.file === "config.json"
        ? "Name the folder of a run, which retrograd train prints at its end."
        : `Finish the run first: retrograd resume ${o.folder}`,
  },
  "model-damaged": {
    text: (o: { file: string; reason: string }) => `${o.file} is not a model: ${o.reason}.`,
    cure: () => "Use the file as it was saved; if it is damaged, train again or restore a copy.",
  },
  "weights-unfit": {
    text: (o: { file: string; reason: string }) =>
      `${o.file} does not fit its config.json: ${o.reason}`,
    cure: () => "Keep both files of a model together, as they were saved.",
  },
  "model-task": {
    text: (o: { folder: string; task: string; wanted: string }) =>
      `${o.folder} holds a ${o.task} model; this needs a ${o.wanted} model.`,
    cure: (o: { task: string }) =>
      o.task === "forecast"
        ? "Use retrograd forecast, or train on a text."
        : "Use retrograd generate, or train on a table.",
  },
  "model-too-large": {
    text: () => "There is not enough memory for a model and batches of this size.",
    cure: () => "Give a smaller --size, --layers, --window or --batch.",
  },
  "run-exists": {
    text: (o: { folder: string }) => `${o.folder} holds a run already.`,
    cure: (o: { folder: string }) =>
      `Go on with it: retrograd resume ${o.folder}. Or name another folder with --out.`,
  },
  "option-value": {
    text: (o: { option: string; given: string; expected: string }) =>
      `${o.option} was given ${o.given}, but takes ${o.expected}.`,
    cure: () => "Correct it, or leave it out to take the default.",
  },
  "option-task": {
    text: (o: { option: string; task: string; file: string }) =>
      `${o.option} has no meaning for a ${o.task} model, which ${o.file} asks for.`,
    cure: (o: { task: string }) =>
      `Leave it out, or choose the other task with --task ${o.task === "forecast" ? "language" : "forecast"}.`,
  },
  "config-json": {
    text: (o: { file: string; reason: string }) => `${o.file} is not JSON: ${o.reason}.`,
    cure: () => 'Write it as { "size": 64, "epochs": 20 }.',
  },
  "config-unknown": {
    text: (o: { file: string; keys: readonly string[]; known: readonly string[] }) =>
      `${o.file} has ${list(o.keys)}, which ${o.keys.length === 1 ? "is no setting" : "are no settings"}.`,
    cure: (o: { known: readonly string[] }) => `The settings are ${o.known.join(", ")}.`,
  },
  "config-value": {
    text: (o: { file: string; key: string; reason: string }) =>
      `${o.file}: "${o.key}" is wrong: ${o.reason}.`,
    cure: () => "Correct the value; retrograd train --help says what each setting takes.",
  },
  "command-line": {
    text: (o: { reason: string; help: string }) => o.reason,
    cure: (o: { help: string }) => `See ${o.help}.`,
  },
  "prompt-empty": {
    text: () => "The prompt is empty.",
    cure: () =>
      "Give at least one character, or leave --prompt out to begin as the training text did.",
  },
} as const;

const messages = { ...compilerMessages, ...dataMessages, ...tasksMessages };
export const fail: Fail<typeof messages> = failFrom(messages);

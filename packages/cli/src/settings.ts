/**
 * The settings of training: one table, from which come the flags of the command line, the keys of a
 * config file, and what each accepts. A flag wins over the file.
 */
import { MOST_SHARDS } from "retrograd";
import { AROUNDS, CELLS, METHODS } from "retrograd/tasks";
import { z } from "zod";

type Kind = "text" | "number" | "list" | "switch";
interface Setting {
  readonly schema: z.ZodType;
  readonly kind: Kind;
  readonly flag: string;
  /** What it takes, as messages say it. */
  readonly takes: string;
  readonly help: string;
  /** The task it belongs to; both without. */
  readonly task?: "forecast" | "language";
}

const whole = (
  flag: string,
  help: string,
  task?: Setting["task"],
  least = 1,
  most = Number.MAX_SAFE_INTEGER,
): Setting => ({
  schema: z.number().int().min(least).max(most),
  ...{ kind: "number", flag: `--${flag} <n>`, help, task },
  takes: `a whole number from ${least}${most < Number.MAX_SAFE_INTEGER ? ` to ${most}` : ""}`,
});
const number = (flag: string, help: string, schema: z.ZodNumber, takes: string): Setting => ({
  ...{ schema, kind: "number", flag: `--${flag} <x>`, takes, help },
});
const word = (
  flag: string,
  words: readonly string[],
  help: string,
  task?: Setting["task"],
): Setting => ({
  schema: z.enum(words as [string, ...string[]]),
  ...{
    kind: "text",
    flag: `--${flag} <word>`,
    takes: words.join(", ").replace(/, ([^,]*)$/, " or $1"),
  },
  ...{ help: `${help}: ${words.join(", ")}`, task },
});
const columns = (flag: string, help: string): Setting => ({
  schema: z.union([z.string(), z.array(z.string()).min(1)]),
  ...{ kind: "list", flag: `--${flag} <column>`, takes: "the name of a column" },
  ...{ help: `${help}; may be repeated`, task: "forecast" },
});
const column = (flag: string, help: string): Setting => ({
  schema: z.string().nullable(),
  ...{ kind: "text", flag: `--${flag} <column>`, takes: "the name of a column, or none", help },
  task: "forecast",
});
const share = z.number().min(0);
const parts = "a fraction below 1, or a whole number of steps";

export const settings = {
  task: word(
    "task",
    ["forecast", "language"],
    "what to train, instead of what the file looks like",
  ),
  target: columns("target", "column to forecast"),
  time: column("time", "column of times; none: the order of the rows"),
  group: column("group", "column that names the series; none: there is one"),
  covariates: columns("covariate", "further column that helps the forecast"),
  horizon: whole("horizon", "steps to forecast", "forecast"),
  window: whole(
    "window",
    "steps the model sees before a forecast, or learns from at once in a text",
  ),
  season: whole("season", "steps in a season, for the seasonal baseline", "forecast"),
  around: word("around", AROUNDS, "what forecasts are differences from", "forecast"),
  calendar: {
    ...{ schema: z.boolean(), kind: "switch", flag: "--no-calendar", takes: "true or false" },
    ...{ help: "leave out the time of day, week and year", task: "forecast" },
  },
  drift: {
    ...{ schema: z.boolean(), kind: "switch", flag: "--drift", takes: "true or false" },
    ...{ help: "see values relative to the last one (--no-drift: never)", task: "forecast" },
  },
  missing: word(
    ...(["missing", ["forward", "interpolate", "drop", "refuse"]] as const),
    ...(["what to do about missing values", "forecast"] as const),
  ),
  duplicates: word("duplicates", ["refuse", "mean", "last"], "rows of the same time", "forecast"),
  irregular: word("irregular", ["refuse", "keep"], "times without a rhythm", "forecast"),
  scaler: word("scaler", ["standard", "min-max", "robust", "none"], "how to scale", "forecast"),
  cell: word("cell", CELLS, "recurrent cell"),
  size: whole("size", "units of a layer"),
  layers: whole("layers", "recurrent layers"),
  embedding: whole("embedding", "numbers that stand for a character", "language"),
  dropout: number(
    "dropout",
    "dropout between layers",
    z.number().min(0).lt(1),
    "a number in [0, 1)",
  ),
  epochs: whole("epochs", "passes over the data at most"),
  batch: whole("batch", "rows of a batch"),
  rate: number("rate", "learning rate of Adam", z.number().positive(), "a number above 0"),
  clip: number("clip", "longest norm of a gradient", z.number().positive(), "a number above 0"),
  method: word("method", METHODS, "how credit travels back through time"),
  patience: whole("patience", "validations without a better one before the end"),
  validation: number("validation", "part kept for choosing", share, parts),
  test: number("test", "part kept for judging", share, parts),
  seed: whole("seed", "decides all randomness", undefined, 0),
  compileFor: word(
    "compile-for",
    ["auto", "wasm", "native", "reference"],
    "what the program runs on",
  ),
  shards: whole("shards", "threads that share the rows of each batch", undefined, 1, MOST_SHARDS),
  stream: {
    ...{ schema: z.boolean(), kind: "switch", flag: "--stream", takes: "true or false" },
    help: "read the file in pieces while training, as files above 64 MB are (--no-stream: never)",
  },
  checkpoint: whole("checkpoint", "steps between checkpoints"),
} satisfies Record<string, Setting>;

export type SettingName = keyof typeof settings;
export const settingNames = Object.keys(settings) as SettingName[];

/** Settings as a user gave them, checked. */
export type Given = Partial<Record<SettingName, any>>;

/** What the library says of its options, in the words of the command line: "set missing to …". */
export function inFlags(text: string): string {
  const names = settingNames.join("|");
  const flag = (name: string) => settings[name as SettingName].flag.split(" ")[0];
  return text
    .replace(/\b(set time to) null\b/g, "$1 none")
    .replace(/\btarget: "(\w+)"/g, `${settings.compileFor.flag.split(" ")[0]} $1`)
    .replace(/\bclip: \{ norm: (\w+) \}/g, `${settings.clip.flag.split(" ")[0]} $1`)
    .replace(
      new RegExp(`\\b([Ss]et) (${names}) to\\b`, "g"),
      (_, set, name) => `${set} ${flag(name)} to`,
    )
    .replace(new RegExp(`\\((${names})\\)`, "g"), (_, name) => `(${flag(name)})`);
}

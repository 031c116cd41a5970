/** The argument table: every command, its arguments and options, and the function that it calls. */
import { settingNames, settings } from "./settings.ts";
import type { Terminal } from "./show/terminal.ts";

type Action = (terminal: Terminal, flags: any, ...args: string[]) => Promise<number>;

export interface Option {
  readonly flag: string;
  readonly help: string;
  /** May be repeated: the values form a list. */
  readonly list?: boolean;
}
export interface Command {
  readonly name: string;
  readonly args: readonly (readonly [name: string, help: string])[];
  readonly summary: string;
  readonly options: readonly Option[];
  readonly example: string;
  /** Loads what it needs only when it is called. */
  load(): Promise<Action>;
}

const json: Option = { flag: "--json", help: "one JSON object a line, for machines" };
const noReport: Option = { flag: "--no-report", help: "write no report.html" };
const out: Option = { flag: "--out <folder>", help: "folder of the run; runs/NAME without it" };
const run = ["run", "folder of a run"] as const;

const setting = (name: (typeof settingNames)[number]): Option[] => {
  const { flag, help, kind } = settings[name];
  const own = { flag, help, ...(kind === "list" && { list: true }) };
  // A switch that is neither on nor off is decided by the data.
  const both = name === "drift" || name === "stream";
  return both ? [own, { flag: flag.replace("--", "--no-"), help: "" }] : [own];
};

export const commands: readonly Command[] = [
  {
    name: "train",
    args: [["file", "a text, a CSV or a Parquet file"]],
    summary: "train on a file: a text → a language model, a table → a forecaster",
    options: [
      ...settingNames.flatMap(setting),
      { flag: "--config <file>", help: "settings from a JSON file; flags win over it" },
      ...[out, noReport, json],
    ],
    example: "retrograd train sales.csv --target revenue --horizon 14",
    load: async () => (await import("./commands/train.ts")).trainCommand,
  },
  {
    name: "resume",
    args: [run],
    summary: "go on with a run that was interrupted, to the same bits",
    options: [
      { flag: "--epochs <n>", help: "passes over the data at most, instead of the run's own" },
      { flag: "--rate <x>", help: "learning rate from here on, instead of the run's own" },
      { flag: "--clip <x>", help: "longest norm of a gradient from here on" },
      { flag: "--shards <n>", help: "threads from here on: other sums, so not to the same bits" },
      { flag: "--compile-for <word>", help: "what the program runs on from here: other bits too" },
      { flag: "--data <file>", help: "where the file of the run is now" },
      ...[noReport, json],
    ],
    example: "retrograd resume runs/sales",
    load: async () => (await import("./commands/resume.ts")).resumeCommand,
  },
  {
    name: "forecast",
    args: [run, ["[file]", "newer data; the run's own file without it"]],
    summary: "what comes after the end of a file",
    options: [{ flag: "--csv", help: "as CSV" }, json],
    example: "retrograd forecast runs/sales --csv > forecast.csv",
    load: async () => (await import("./commands/forecast.ts")).forecastCommand,
  },
  {
    name: "generate",
    args: [run],
    summary: "text from a language model",
    options: [
      { flag: "--prompt <text>", help: "what the text begins with" },
      { flag: "--length <n>", help: "characters to generate (400)" },
      {
        flag: "--temperature <x>",
        help: "below 1 more likely, above 1 more daring, 0 the likeliest each time (0.8)",
      },
      { flag: "--nucleus <x>", help: "draw from the likeliest that have this share together" },
      { flag: "--beam <n>", help: "draw nothing: search, with n texts at a time" },
      { flag: "--seed <n>", help: "decides the draws (0)" },
      json,
    ],
    example: 'retrograd generate runs/novel --prompt "It was" --length 200',
    load: async () => (await import("./commands/generate.ts")).generateCommand,
  },
  {
    name: "evaluate",
    args: [run, ["file", "data to judge the model on, as a whole"]],
    summary: "how good a model is on a file, beside what costs nothing",
    options: [json],
    example: "retrograd evaluate runs/sales sales-2024.csv",
    load: async () => (await import("./commands/evaluate.ts")).evaluateCommand,
  },
  {
    name: "explain",
    args: [run],
    summary: "what a model is made of, and what the compiler made of its training step",
    options: [
      { flag: "--graph <form>", help: "the graph of the model instead: text, dot or svg" },
      { flag: "--unroll <n>", help: "draw n steps of the loop side by side" },
      json,
    ],
    example: "retrograd explain runs/sales --graph svg > graph.svg",
    load: async () => (await import("./commands/explain.ts")).explainCommand,
  },
  {
    name: "check",
    args: [
      ["model", "folder of a run, or a weights file in one"],
      ["[file]", "data to look at; the run's own file without it"],
    ],
    summary: "whether a model is sound: its gradient, its promises, its units, its window",
    options: [json],
    example: "retrograd check runs/sales",
    load: async () => (await import("./commands/check.ts")).checkCommand,
  },
  {
    name: "demo",
    args: [],
    summary: "a real series, start to end",
    options: [out, noReport, json],
    example: "retrograd demo",
    load: async () => (await import("./commands/demo.ts")).demoCommand,
  },
  {
    name: "doctor",
    args: [],
    summary: "whether everything works on this machine",
    options: [json],
    example: "retrograd doctor",
    load: async () => (await import("./commands/doctor.ts")).doctorCommand,
  },
];

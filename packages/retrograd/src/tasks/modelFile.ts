/**
 * A model as two files: config.json, which says what it is and everything it needs to read new
 * data, and weights.safetensors. Both are data; every number in them is checked before it is
 * used.
 */
import { readScaler } from "../data/scalers.ts";
import { readVocabulary } from "../data/vocabulary.ts";
import { fail } from "../errors/tasks.ts";
import { RetrogradError } from "../errors.ts";
import { decodeSafetensors, encodeSafetensors } from "../layers/weights.ts";
import { key } from "../ops/random.ts";
import { sameShape, showShape, type Tensor } from "../tensor/tensor.ts";
import { leavesOf, rebuild } from "../tensor/tree.ts";
import { type Cycle, cycleColumns } from "./calendar.ts";
import type { Counts } from "./counts.ts";
import { forecastModel } from "./forecast.ts";
import { AROUNDS, type ForecastConfig } from "./forecastOptions.ts";
import { type LanguageConfig, languageModel } from "./language.ts";
import { CELLS, type Learning, METHODS, type Network, type RecurrentModel } from "./learning.ts";

export const MODEL_FORMAT = "retrograd model 1";

export type ModelConfig = ForecastConfig | (LanguageConfig & { readonly counts: Counts });

/** The network of a config, and how many numbers it reads at each step. */
export function networkOf(config: ModelConfig): { model: RecurrentModel; input?: number } {
  if (config.task === "language") return { model: languageModel(config) };
  const { roles, cycles } = config;
  const input = roles.target.length + roles.covariates.length + cycleColumns(cycles).length;
  return { model: forecastModel(config), input };
}

/** The bytes of weights.safetensors. */
export const encodeWeights = (params: unknown): Uint8Array =>
  encodeSafetensors(params, { format: MODEL_FORMAT });

/**
 * Parameters for a config from the bytes of its weights.
 * @throws "weights-damaged", "weights-unfit"
 */
export function decodeWeights(config: ModelConfig, bytes: Uint8Array, file: string): any {
  const { tensors } = decodeSafetensors(bytes);
  const { model, input } = networkOf(config);
  const like = model.init(key(0), input === undefined ? {} : { input });
  const left = new Set(Object.keys(tensors));
  const leaves = leavesOf<Tensor>(like).map(([name, { shape }]) => {
    const found = tensors[name];
    left.delete(name);
    const given = found ? `it is ${showShape(found.shape)}` : "it is missing";
    if (!found || !sameShape(found.shape, shape))
      fail("weights-unfit", {
        file,
        reason: `"${name}" should be ${showShape(shape)}, but ${given}.`,
      });
    return found;
  });
  const [extra] = left;
  if (extra !== undefined) fail("weights-unfit", { file, reason: `nothing takes "${extra}".` });
  return rebuild(like, leaves);
}

/**
 * A config from parsed JSON, checked.
 * @throws "model-damaged"
 */
export function readModelConfig(json: unknown, file: string): ModelConfig {
  const damaged = (reason: string): never => fail("model-damaged", { file, reason });
  const config = (json ?? {}) as any;
  if (config.format !== MODEL_FORMAT)
    return damaged(`its format is ${JSON.stringify(config.format)}, not "${MODEL_FORMAT}"`);
  const check = checks(damaged);
  checkNetwork(config.network, check, damaged);
  checkLearning(config.learning, check, damaged);
  check.whole("window", config.window, 1e6);
  try {
    if (config.task === "forecast") return readForecast(config, check, damaged);
    if (config.task === "language") return readLanguage(config, check, damaged);
  } catch (error) {
    if (error instanceof RetrogradError && /^(scaler|vocabulary)-damaged$/.test(error.code))
      return damaged(error.message.split("\n")[0].replace(/\.$/, ""));
    throw error;
  }
  return damaged(`its task is ${JSON.stringify(config.task)}`);
}

type Damaged = (reason: string) => never;
type Checks = ReturnType<typeof checks>;

const checks = (damaged: Damaged) => ({
  whole(name: string, value: unknown, most: number, least = 1) {
    if (!Number.isInteger(value) || Number(value) < least || Number(value) > most)
      damaged(`${name} is ${JSON.stringify(value)}, not a whole number from ${least} to ${most}`);
  },
  number(name: string, value: unknown, least = -Infinity) {
    if (typeof value !== "number" || !Number.isFinite(value) || value < least)
      damaged(`${name} is ${JSON.stringify(value)}, not a number`);
  },
  numbers(name: string, value: unknown, length: number, least = -Infinity) {
    const list = Array.isArray(value) ? value : [];
    if (list.length !== length || !list.every((x) => Number.isFinite(x) && x >= least))
      damaged(`${name} is not a list of ${length} numbers`);
  },
  names(name: string, value: unknown) {
    if (!Array.isArray(value) || !value.every((x) => typeof x === "string"))
      damaged(`${name} is not a list of names`);
  },
});

function checkNetwork(given: Partial<Network>, check: Checks, damaged: Damaged): void {
  const { cell, size, layers, dropout } = given ?? {};
  if (!CELLS.includes(cell as never)) damaged(`network.cell is ${JSON.stringify(cell)}`);
  check.whole("network.size", size, 16_384);
  check.whole("network.layers", layers, 64);
  check.number("network.dropout", dropout, 0);
}

function checkLearning(given: Partial<Learning>, check: Checks, damaged: Damaged): void {
  const { epochs, rate, batch, clip, patience, seed, method } = given ?? {};
  check.whole("learning.epochs", epochs, 1e9);
  check.number("learning.rate", rate, 0);
  check.whole("learning.batch", batch, 1e6);
  check.number("learning.clip", clip, 0);
  check.whole("learning.patience", patience, 1e9);
  check.whole("learning.seed", seed, Number.MAX_SAFE_INTEGER, 0);
  if (!METHODS.includes(method as never)) damaged(`learning.method is ${JSON.stringify(method)}`);
}

function readForecast(config: any, check: Checks, damaged: Damaged): ForecastConfig {
  const { roles, horizon, season, around, cycles, differences, spread } = config;
  if (roles === null || typeof roles !== "object") damaged("roles is missing");
  check.names("roles.target", roles.target);
  check.names("roles.covariates", roles.covariates);
  if (roles.target.length === 0) damaged("roles.target is empty");
  check.whole("horizon", horizon, 1e5);
  check.whole("season", season, 1e6);
  if (!AROUNDS.includes(around)) damaged(`around is ${JSON.stringify(around)}`);
  check.names("cycles", cycles);
  const stray = (cycles as Cycle[]).find((name) => !["day", "week", "year"].includes(name));
  if (stray) damaged(`"${stray}" is no cycle`);
  const targets = roles.target.length;
  check.numbers("differences.shift", differences?.shift, targets);
  check.numbers("differences.scale", differences?.scale, targets, Number.MIN_VALUE);
  if (differences.inside !== null)
    check.numbers("differences.inside", differences.inside, targets, Number.MIN_VALUE);
  if (spread !== null)
    for (const side of ["low", "high"])
      for (let k = 0; k < targets; k++)
        check.numbers(`spread.${side}[${k}]`, spread?.[side]?.[k], horizon);
  const scaler = readScaler(config.scaler);
  const wanted = [...roles.target, ...roles.covariates];
  if (wanted.some((name, i) => scaler.features[i] !== name))
    damaged("the scaler's features are not the columns of roles");
  return { ...config, scaler };
}

function readLanguage(config: any, check: Checks, damaged: Damaged): ModelConfig {
  const vocabulary = readVocabulary(config.vocabulary);
  check.whole("embedding", config.embedding, 16_384);
  if (typeof config.opening !== "string") damaged("opening is not a text");
  const size = vocabulary.symbols.length;
  check.numbers("counts.single", config.counts?.single, size, 0);
  if (!Array.isArray(config.counts.pairs) || config.counts.pairs.length !== size)
    damaged(`counts.pairs is not a list of ${size}`);
  return { ...config, vocabulary };
}

/**
 * From a text to a character language model. The text is read as parallel streams, in windows whose
 * state is carried on, and every character is forecast from those before it.
 */
import {
  type Codes,
  charactersOf,
  countPoints,
  isBlank,
  rangeOf,
  textOf,
} from "../data/characters.ts";
import { makeTextStreams } from "../data/text.ts";
import { encoded, type Vocabulary, vocabularyOf } from "../data/vocabulary.ts";
import { fail } from "../errors/tasks.ts";
import { dense } from "../layers/dense.ts";
import { embedding } from "../layers/embedding.ts";
import { sequential } from "../layers/sequential.ts";
import type { Batch, DataSource } from "../train/batch.ts";
import { crossEntropy } from "../train/losses/crossEntropy.ts";
import { bitsPerCharacter } from "../train/metrics.ts";
import { type Counts, countCharacters } from "./counts.ts";
import {
  chosen,
  type Learning,
  type Lessons,
  learningDefaults,
  type Network,
  networkDefaults,
  type RecurrentModel,
  recurrent,
} from "./learning.ts";
import { methodOf } from "./method.ts";
import { whenRead } from "./whenRead.ts";

/** What a user may choose; all of it is optional. */
export interface LanguageOptions extends Partial<Network>, Partial<Learning> {
  /** Characters of a window of truncated backpropagation. */
  readonly window?: number;
  /** Numbers that stand for a character. */
  readonly embedding?: number;
  /** Fractions of the characters kept from training. */
  readonly validation?: number;
  readonly test?: number;
}

/** A language model without its weights. */
export interface LanguageConfig {
  readonly task: "language";
  readonly vocabulary: Vocabulary;
  readonly window: number;
  readonly embedding: number;
  readonly validation: number;
  readonly test: number;
  /** What generated texts begin with unless told. */
  readonly opening: string;
  readonly network: Network;
  readonly learning: Learning;
}

/** Parts of a text, as numbers of characters: in memory, or read when they are asked for. */
export interface LanguageParts {
  readonly train: Codes;
  readonly validation: Codes;
  readonly test: Codes;
}

/** A language model ready to be trained. */
export interface LanguageTask {
  readonly task: "language";
  readonly config: LanguageConfig;
  readonly parts: LanguageParts;
  /** What stands in the training part, for the baselines. */
  readonly counts: Counts;
  readonly lessons: Lessons;
  readonly notes: readonly string[];
}

/** Shortest text that leaves something to learn from. */
const SHORTEST = 100;
/** Updates worth making on a short text, from which the number of epochs follows. */
const UPDATES = 1500;
/** Characters among which the first words are looked for. */
const OPENING = 4096;

/**
 * Decide everything about a language model of a text. The training part is gone through twice (its
 * characters, then their pairs), the others once, and nothing of them is kept.
 * @param text  the text, or its code points; a file of any size is one (`openText`)
 * @throws "text-empty", "text-short", "split-fractions"
 */
export function prepareLanguage(
  text: string | Codes,
  options: LanguageOptions = {},
  file = "the text",
): LanguageTask {
  const characters = typeof text === "string" ? charactersOf(text) : text;
  if (isBlank(characters)) fail("text-empty", { file });
  const ranges = splitCharacters(characters, options);
  const { length } = ranges.train;
  const learning0 = chosen({ ...learningDefaults, epochs: 0, patience: 3 }, options);
  const batch = Math.max(1, Math.min(learning0.batch, Math.floor(length / 32)));
  const window = options.window ?? 64;
  if (length < SHORTEST)
    fail("text-short", { what: `The part of ${file} to learn from`, length, least: SHORTEST });
  const known = countPoints(ranges.train);
  const later = [ranges.validation, ranges.test].flatMap((part) => [...countPoints(part).keys()]);
  const strange = new Set(later.filter((point) => !known.has(point)));
  const vocabulary = vocabularyOf(known, { unknown: strange.size > 0 });
  const parts = {
    train: encoded(vocabulary, ranges.train, file),
    validation: encoded(vocabulary, ranges.validation, file),
    test: encoded(vocabulary, ranges.test, file),
  };
  const streams = makeTextStreams(parts.train, { batch, window });
  const wanted = Math.max(1, Math.min(50, Math.ceil(UPDATES / streams.count)));
  const learning = { ...learning0, batch, epochs: options.epochs ?? wanted };
  const config: LanguageConfig = {
    ...{ task: "language", vocabulary, window, learning, ...shares(options) },
    embedding: options.embedding ?? Math.min(48, vocabulary.symbols.length),
    opening: openingOf(ranges.train),
    network: chosen({ ...networkDefaults, size: 128 }, options),
  };
  const notes = [
    `${length.toLocaleString("en")} characters to learn from, ` +
      `${parts.validation.length.toLocaleString("en")} to choose by, ` +
      `${parts.test.length.toLocaleString("en")} to judge by; ${known.size} different ones.`,
    ...(strange.size
      ? [`${strange.size} characters occur only after the training part: they share one symbol.`]
      : []),
    `${batch} streams in windows of ${window} characters; ${
      methodOf(config).carries
        ? "the state is carried between windows"
        : "each begins without a past"
    }.`,
  ];
  const counts = countCharacters(parts.train, vocabulary.symbols.length);
  const lessons = languageLessons(config, parts);
  return { task: "language", config, parts, counts, notes, lessons };
}

const shares = ({ validation = 0.1, test = 0.05 }: LanguageOptions) => ({ validation, test });

/** The past trains, what follows chooses, the end judges. @throws "split-fractions" */
function splitCharacters(characters: Codes, options: LanguageOptions): LanguageParts {
  const { validation, test } = shares(options);
  if (!(validation >= 0 && test >= 0 && validation + test < 1))
    fail("split-fractions", { validation, test, reason: "nothing is left to train on" });
  const { length } = characters;
  const tested = Math.floor(length * (1 - test));
  const trained = Math.floor(tested * (1 - validation / (1 - test)));
  return {
    train: rangeOf(characters, 0, trained),
    validation: rangeOf(characters, trained, tested),
    test: rangeOf(characters, tested, length),
  };
}

/** The first words of a text: a prompt of at most 24 characters. */
function openingOf(characters: Codes): string {
  const text = textOf(characters.subarray(0, Math.min(OPENING, characters.length)));
  const line = [...text.trimStart().split("\n", 1)[0]];
  const start = line.slice(0, 24).join("");
  const end = start.lastIndexOf(" ");
  return line.length > 24 && end > 4 ? start.slice(0, end) : start;
}

/** The network of a config. */
export function languageModel(config: LanguageConfig): RecurrentModel {
  const symbols = config.vocabulary.symbols.length;
  const model = sequential(
    embedding(symbols, config.embedding),
    ...recurrent(config.network),
    dense(symbols),
  );
  return model as unknown as RecurrentModel;
}

function languageLessons(config: LanguageConfig, parts: LanguageParts): Lessons {
  const { window, learning } = config;
  const streams = makeTextStreams(parts.train, { batch: learning.batch, window });
  return {
    model: languageModel(config),
    data: textSource(parts.train, config),
    validation: parts.validation.length > 1 ? textSource(parts.validation, config) : undefined,
    batches: streams.count,
    loss: crossEntropy(),
    method: methodOf(config),
    metrics: [bitsPerCharacter()],
  };
}

/** A text as batches of windows, in order: the state of each row goes on from batch to batch. */
export function textSource(
  codes: Codes,
  { window, learning }: Pick<LanguageConfig, "window" | "learning">,
): DataSource {
  const batch = Math.max(1, Math.min(learning.batch, Math.floor((codes.length - 1) / 8)));
  const streams = makeTextStreams(codes, { batch, window });
  const shape = [batch, window];
  const at = (index: number): Batch => {
    const { inputs, targets, mask, start } = streams.at(index);
    return {
      inputs: { data: inputs, shape },
      targets: { data: targets, shape },
      mask: { data: mask, shape },
      start: { data: start, shape: [batch] },
    };
  };
  return {
    *batches(): Iterable<Batch> {
      for (let index = 0; index < streams.count; index++) yield whenRead(() => at(index));
    },
  };
}

/**
 * From a text to a character language model. The text is read as parallel streams, in windows whose
 * state is carried on, and every character is forecast from those before it.
 */
import { makeTextStreams, splitText } from "../data/text.ts";
import { buildVocabulary, encode, type Vocabulary } from "../data/vocabulary.ts";
import { fail } from "../errors/tasks.ts";
import { dense } from "../layers/dense.ts";
import { embedding } from "../layers/embedding.ts";
import { sequential } from "../layers/sequential.ts";
import type { Batch, DataSource } from "../train/batch.ts";
import { crossEntropy } from "../train/losses/crossEntropy.ts";
import { truncated } from "../train/methods/truncated.ts";
import { bitsPerCharacter } from "../train/metrics.ts";
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

/** Parts of a text, as numbers of characters. */
export interface LanguageParts {
  readonly train: Int32Array;
  readonly validation: Int32Array;
  readonly test: Int32Array;
}

/** A language model ready to be trained. */
export interface LanguageTask {
  readonly task: "language";
  readonly config: LanguageConfig;
  readonly parts: LanguageParts;
  readonly lessons: Lessons;
  readonly notes: readonly string[];
}

/** Shortest text that leaves something to learn from. */
const SHORTEST = 100;
/** Updates worth making on a short text, from which the number of epochs follows. */
const UPDATES = 1500;

/**
 * Decide everything about a language model of a text.
 * @throws "text-empty", "text-short", "split-fractions"
 */
export function prepareLanguage(
  text: string,
  options: LanguageOptions = {},
  file = "the text",
): LanguageTask {
  if (text.trim() === "") fail("text-empty", { file });
  const { validation = 0.1, test = 0.05 } = options;
  if (!(validation >= 0 && test >= 0 && validation + test < 1))
    fail("split-fractions", { validation, test, reason: "nothing is left to train on" });
  const rest = splitText(text, test);
  const halves = splitText(rest.train, validation / (1 - test));
  const learning0 = chosen({ ...learningDefaults, epochs: 0, patience: 3 }, options);
  const length = [...halves.train].length;
  const batch = Math.max(1, Math.min(learning0.batch, Math.floor(length / 32)));
  const window = options.window ?? 64;
  if (length < SHORTEST) fail("text-short", { length, batch: learning0.batch, window });
  const known = buildVocabulary(halves.train);
  const seen = new Set(known.symbols);
  const strange = new Set([...halves.validation, ...rest.validation].filter((c) => !seen.has(c)));
  const vocabulary = strange.size ? buildVocabulary(halves.train, { unknown: true }) : known;
  const codes = (part: string) => encode(vocabulary, part, file);
  const parts = {
    train: codes(halves.train),
    validation: codes(halves.validation),
    test: codes(rest.validation),
  };
  const streams = makeTextStreams(parts.train, { batch, window });
  const wanted = Math.max(1, Math.min(50, Math.ceil(UPDATES / streams.count)));
  const learning = { ...learning0, batch, epochs: options.epochs ?? wanted };
  const config: LanguageConfig = {
    ...{ task: "language", vocabulary, window, validation, test, learning },
    embedding: options.embedding ?? Math.min(48, vocabulary.symbols.length),
    opening: openingOf(halves.train),
    network: chosen({ ...networkDefaults, size: 128 }, options),
  };
  const notes = [
    `${length.toLocaleString("en")} characters to learn from, ` +
      `${parts.validation.length.toLocaleString("en")} to choose by, ` +
      `${parts.test.length.toLocaleString("en")} to judge by; ${seen.size} different ones.`,
    ...(strange.size
      ? [`${strange.size} characters occur only after the training part: they share one symbol.`]
      : []),
    `${batch} streams in windows of ${window} characters; the state is carried between windows.`,
  ];
  return { task: "language", config, parts, notes, lessons: languageLessons(config, parts) };
}

/** The first words of a text: a prompt of at most 24 characters. */
function openingOf(text: string): string {
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
    method: truncated({ window }),
    metrics: [bitsPerCharacter()],
  };
}

/** A text as batches of windows, in order: the state of each row goes on from batch to batch. */
export function textSource(
  codes: Int32Array,
  { window, learning }: Pick<LanguageConfig, "window" | "learning">,
): DataSource {
  const batch = Math.max(1, Math.min(learning.batch, Math.floor((codes.length - 1) / 8)));
  const streams = makeTextStreams(codes, { batch, window });
  return {
    *batches(): Iterable<Batch> {
      for (let index = 0; index < streams.count; index++) {
        const { inputs, targets, mask, start } = streams.at(index);
        yield {
          inputs: { data: inputs, shape: [batch, window] },
          targets: { data: targets, shape: [batch, window] },
          mask: { data: mask, shape: [batch, window] },
          start: { data: start, shape: [batch] },
        };
      }
    },
  };
}

/**
 * Every message a user can see, by code. A message says what was given, what was expected and
 * where; its cure says what to do. The code is stable: it is the anchor in docs/errors.md.
 *
 * Each floor keeps its own catalogue in errors/; this file joins them and raises them.
 */
import { compilerMessages } from "./errors/compiler.ts";
import { dataMessages } from "./errors/data.ts";
import { learningMessages } from "./errors/learning.ts";
import { tasksMessages } from "./errors/tasks.ts";

/** One entry of a catalogue: a sentence and its cure, both from the error's own data. */
export interface Message<D> {
  text(data: D): string;
  cure(data: D): string;
}

export const messages = {
  ...compilerMessages,
  ...dataMessages,
  ...learningMessages,
  ...tasksMessages,
};

type Messages = typeof messages;
export type Code = keyof Messages;
export type DataOf<C extends Code> = Parameters<Messages[C]["text"]>[0];

/** An error from the catalogue: the sentence, the cure, and the code that never changes. */
export class RetrogradError extends Error {
  override name = "RetrogradError";
  readonly code: Code;
  readonly data: Readonly<Record<string, unknown>>;
  constructor(code: Code, data: Readonly<Record<string, unknown>>, text: string) {
    super(text);
    this.code = code;
    this.data = data;
  }
}

/** Where we are, innermost first, e.g. `step of cell "leaky"`, `layer 1 of sequential`. */
const places: string[] = [];

/** Run `f`; an error raised inside names `place`. */
export function within<T>(place: string, f: () => T): T {
  places.unshift(place);
  try {
    return f();
  } finally {
    places.shift();
  }
}

/** The sentence, the cure, where it happened, and the code, as a user reads them. */
export function describe<C extends Code>(code: C, data: DataOf<C>): string {
  const message = messages[code] as Message<DataOf<C>>;
  const where = places.length ? `\n  in ${places.join(", ")}` : "";
  return `${message.text(data)}\n  ${message.cure(data)}${where}   (${code})`;
}

/** Raise the error `code` of the catalogue. */
export function fail<C extends Code>(code: C, data: DataOf<C>): never {
  throw new RetrogradError(code, data as Record<string, unknown>, describe(code, data));
}

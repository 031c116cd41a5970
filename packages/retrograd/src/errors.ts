/**
 * What a message is, and how one is raised. A message says what was given, what was expected and
 * where; its cure says what to do. The code is stable: it is the anchor in docs/errors.md.
 *
 * Each floor keeps its own catalogue in errors/ and raises only from that and the compiler's, so
 * that a page carries no message of a floor that it does not load. errors/index.ts joins them.
 */
import { compilerMessages } from "./errors/compiler.ts";

/** One entry of a catalogue: a sentence and its cure, both from the error's own data. */
export interface Message<D> {
  text(data: D): string;
  cure(data: D): string;
}
export type Catalogue = Readonly<Record<string, Message<any>>>;
export type DataOf<M extends Catalogue, C extends keyof M> = Parameters<M[C]["text"]>[0];

/** An error from a catalogue: the sentence, the cure, and the code that never changes. */
export class RetrogradError extends Error {
  override name = "RetrogradError";
  readonly code: string;
  readonly data: Readonly<Record<string, unknown>>;
  constructor(code: string, data: Readonly<Record<string, unknown>>, text: string) {
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

/** A message that is told and not raised. */
export interface Notice {
  readonly code: string;
  /** The sentence, the cure, where it happened, and the code, as a user reads them. */
  readonly text: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The message `code` of a catalogue, about `data`. */
export function notice<M extends Catalogue, C extends string & keyof M>(
  messages: M,
  code: C,
  data: DataOf<M, C>,
): Notice {
  const { text, cure } = messages[code];
  const plain = data as Readonly<Record<string, unknown>>;
  const where = places.length ? `\n  in ${places.join(", ")}` : "";
  return { code, text: `${text(data)}\n  ${cure(data)}${where}   (${code})`, data: plain };
}

/** Raises an error of the catalogue M; its data is what the message asks for. */
export type Fail<M extends Catalogue> = <C extends string & keyof M>(
  code: C,
  data: DataOf<M, C>,
) => never;

/** The `fail` of a floor, from all the messages that it can raise. */
export const failFrom =
  <M extends Catalogue>(messages: M): Fail<M> =>
  (code, data) => {
    const told = notice(messages, code, data);
    throw new RetrogradError(code, told.data, told.text);
  };

/** Raise the error `code` of the compiler's catalogue. */
export const fail: Fail<typeof compilerMessages> = failFrom(compilerMessages);

/** One of the words that an option knows. @throws "unknown-option" */
export function oneOf<W>(where: string, given: unknown, known: readonly W[]): W {
  if (!known.includes(given as W))
    fail("unknown-option", { where, given: String(given), known: known.join(", ") });
  return given as W;
}

/** A value as messages show it, long ones by their beginning. */
export function shown(x: unknown): string {
  if (typeof x === "string") return JSON.stringify(x);
  if (typeof x === "function") return "a function";
  if (ArrayBuffer.isView(x)) return x.constructor.name;
  if (Array.isArray(x))
    return `[${x.slice(0, 3).map(shown).join(", ")}${x.length > 3 ? ", …" : ""}]`;
  return String(x) === "[object Object]" ? "an object" : String(x);
}

/** No option passes silently that nobody reads. @throws "unknown-option", "bad-argument" */
export function checkOptions(where: string, options: object, known: readonly string[]): void {
  if (typeof options !== "object" || options === null)
    fail("bad-argument", {
      where,
      given: shown(options),
      expected: `an object of options, such as { ${known[0]}: … }`,
    });
  for (const given of Object.keys(options)) oneOf(where, given, known);
}

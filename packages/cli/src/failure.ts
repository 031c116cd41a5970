/** What goes wrong, as one clear message with its cure and an exit code. */
import { type Code, RetrogradError } from "retrograd";
import { messages } from "retrograd/errors";
import { inFlags } from "./settings.ts";
import type { Terminal } from "./show/terminal.ts";

type DataOf<C extends Code> = Parameters<(typeof messages)[C]["text"]>[0];

/** Raise the error `code` of the catalogue. */
export function fail<C extends Code>(code: C, data: DataOf<C>): never {
  const message = messages[code] as { text(data: unknown): string; cure(data: unknown): string };
  const text = `${message.text(data)}\n  ${message.cure(data)}   (${code})`;
  throw new RetrogradError(code, (data ?? {}) as Record<string, unknown>, text);
}

export const EXIT = { fine: 0, failed: 1, usage: 2, interrupted: 130 } as const;

const usage: readonly string[] = [
  ...["command-line", "option-value", "option-task", "config-json"],
  ...["config-unknown", "config-value"],
];

function tooLarge(): unknown {
  try {
    return fail("model-too-large", undefined);
  } catch (error) {
    return error;
  }
}

/** What an engine says when it cannot get memory. */
const NO_MEMORY = /array buffer allocation|array length|could not allocate|out of memory/i;

/** Say what went wrong; gives the exit code. */
export function report(cause: unknown, terminal: Terminal, json: boolean): number {
  const error = cause instanceof RangeError && NO_MEMORY.test(cause.message) ? tooLarge() : cause;
  const known = error instanceof RetrogradError;
  const debug = process.env.RETROGRAD_DEBUG === "1";
  const said = error instanceof Error ? error.message : String(error);
  const text = known ? inFlags(said) : said;
  if (json) {
    const code = known ? error.code : "unexpected";
    terminal.out(`${JSON.stringify({ type: "error", code, text })}\n`);
  }
  const mark = terminal.paint("red", "✗");
  if (known) terminal.err(`${mark} ${text}\n`);
  else
    terminal.err(
      `${mark} Something went wrong that retrograd did not expect: ${text}\n` +
        "  Set RETROGRAD_DEBUG=1 to see where, and please report it.\n",
    );
  if (debug && error instanceof Error) terminal.err(`${error.stack}\n`);
  return known && usage.includes(error.code) ? EXIT.usage : EXIT.failed;
}

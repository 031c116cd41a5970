/** retrograd generate RUN: text from a language model, as it comes. */
import { generate } from "retrograd/tasks";
import { EXIT, fail } from "../failure.ts";
import { loadModel } from "../run/model.ts";
import type { Terminal } from "../show/terminal.ts";

interface GenerateFlags {
  readonly prompt?: string;
  readonly length?: string;
  readonly temperature?: string;
  readonly seed?: string;
  readonly json?: boolean;
}

export async function generateCommand(
  terminal: Terminal,
  flags: GenerateFlags,
  folder: string,
): Promise<number> {
  const { config, params } = await loadModel(folder, "language");
  const options = {
    ...(flags.prompt !== undefined && { prompt: flags.prompt }),
    length: number("--length", flags.length, 400, { whole: true }),
    temperature: number("--temperature", flags.temperature, 0.8),
    seed: number("--seed", flags.seed, 0, { whole: true }),
  };
  const { prompt = config.opening } = options;
  const characters = generate(config, params, options);
  if (flags.json) {
    const text = [...characters].join("");
    terminal.out(`${JSON.stringify({ type: "text", ...options, prompt, text })}\n`);
    return EXIT.fine;
  }
  let begun = false;
  for (const character of characters) {
    if (!begun) terminal.out(terminal.paint("dim", prompt));
    begun = true;
    terminal.out(character);
  }
  terminal.out("\n");
  return EXIT.fine;
}

/** @throws "option-value" */
function number(
  option: string,
  text: string | undefined,
  otherwise: number,
  { whole = false } = {},
): number {
  if (text === undefined) return otherwise;
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!(value >= 0 && value < Infinity) || (whole && !Number.isSafeInteger(value)))
    fail("option-value", {
      ...{ option, given: JSON.stringify(text) },
      expected: whole ? "a whole number from 0" : "a number of at least 0",
    });
  return value;
}

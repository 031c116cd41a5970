/** retrograd generate RUN: text from a language model, as it comes. */
import { generate } from "retrograd/tasks";
import { EXIT, fail } from "../failure.ts";
import { loadModel } from "../run/model.ts";
import type { Terminal } from "../show/terminal.ts";

interface GenerateFlags {
  readonly prompt?: string;
  readonly length?: string;
  readonly temperature?: string;
  readonly nucleus?: string;
  readonly beam?: string;
  readonly seed?: string;
  readonly json?: boolean;
}

export async function generateCommand(
  terminal: Terminal,
  flags: GenerateFlags,
  folder: string,
): Promise<number> {
  const { config, params } = await loadModel(folder, "language");
  const { prompt: begin, temperature, nucleus, beam } = flags;
  const isDrawn = beam === undefined || temperature !== undefined;
  const options = {
    ...(begin !== undefined && { prompt: begin }),
    length: number("--length", flags.length, 400, { whole: true }),
    ...(isDrawn && { temperature: number("--temperature", temperature, 0.8) }),
    ...(nucleus !== undefined && { nucleus: number("--nucleus", nucleus, 1) }),
    ...(beam !== undefined && { beam: number("--beam", beam, 1, { whole: true, least: 1 }) }),
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
  { whole = false, least = 0 } = {},
): number {
  if (text === undefined) return otherwise;
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!(value >= least && value < Infinity) || (whole && !Number.isSafeInteger(value)))
    fail("option-value", {
      ...{ option, given: JSON.stringify(text) },
      expected: whole ? `a whole number from ${least}` : `a number of at least ${least}`,
    });
  return value;
}

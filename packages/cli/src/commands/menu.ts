/** retrograd without arguments: what it can do, and a way to begin at once. */
import { existsSync, statSync } from "node:fs";
import { EXIT } from "../failure.ts";
import type { Terminal } from "../show/terminal.ts";

const examples = [
  ["retrograd demo", "forecast a real series, start to end, in seconds"],
  ["retrograd train sales.csv", "a table with dates → a forecaster"],
  ["retrograd train novel.txt", "a text → a character language model"],
  ["retrograd forecast runs/sales", "what comes next"],
  ["retrograd generate runs/novel", "text in the manner of what it read"],
  ["retrograd --help", "all commands; retrograd train --help: all settings"],
] as const;

export function menuText({ paint }: Terminal): string {
  const width = Math.max(...examples.map(([command]) => command.length));
  const lines = examples.map(
    ([command, what]) => `  ${paint("cyan", command.padEnd(width))}   ${paint("dim", what)}`,
  );
  const title = `  ${paint("bold", "Retrograd")} trains recurrent networks on your files.`;
  return `\n${title}\n\n${lines.join("\n")}\n`;
}

/** Offer what there is; `run` carries out a command line. */
export async function menuCommand(
  terminal: Terminal,
  run: (args: string[]) => Promise<number>,
): Promise<number> {
  terminal.out(menuText(terminal));
  if (!terminal.ask) return EXIT.fine;
  const question = "\n  A file to train on, Enter for the demonstration, or q to leave: ";
  const answer = (await terminal.ask(question))?.trim();
  if (answer === undefined || /^(q|quit|exit|no?)$/i.test(answer)) return EXIT.fine;
  if (answer === "") return run(["demo"]);
  const isFile = existsSync(answer) && statSync(answer).isFile();
  return run(isFile ? ["train", answer] : answer.replace(/^retrograd\s+/, "").split(/\s+/));
}

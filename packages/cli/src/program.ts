/** From the argument table to commander, and from whatever happens to an exit code. */
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { menuCommand } from "./commands/menu.ts";
import { commands, type Command as Entry, type Option } from "./commands.ts";
import { EXIT, fail, report } from "./failure.ts";
import type { Terminal } from "./show/terminal.ts";

/** Carry out a command line; gives the exit code and never throws. */
export async function runCommandLine(args: string[], terminal: Terminal): Promise<number> {
  const json = args.includes("--json");
  try {
    if (args.length === 0)
      return await menuCommand(terminal, (own) => runCommandLine(own, terminal));
    return await parse(args, terminal);
  } catch (error) {
    return report(error, terminal, json);
  }
}

async function parse(args: string[], terminal: Terminal): Promise<number> {
  let code: number = EXIT.fine;
  const program = new Command("retrograd")
    .description("Trains recurrent networks on your files.")
    .version(version(), "-v, --version", "print the version")
    .helpOption("-h, --help", "print this")
    .showHelpAfterError(false)
    .exitOverride()
    .configureOutput({ writeOut: terminal.out, writeErr: () => {} });
  for (const entry of commands)
    addCommand(program, entry, async (flags, ...given) => {
      const action = await entry.load();
      code = await action(terminal, flags, ...given);
    });
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return EXIT.fine;
    const known = commands.find(({ name }) => name === args[0]);
    const help = known ? `retrograd ${known.name} --help` : "retrograd --help";
    fail("command-line", { reason: sentence(error.message), help });
  }
  return code;
}

function addCommand(
  program: Command,
  { name, args, summary, options, example }: Entry,
  action: (flags: Record<string, unknown>, ...args: string[]) => Promise<void>,
): void {
  const command = program.command(name).description(summary).exitOverride();
  command.helpOption("-h, --help", "print this").addHelpText("after", `\nExample:\n  ${example}`);
  for (const [argument, help] of args)
    command.argument(argument.startsWith("[") ? argument : `<${argument}>`, help);
  for (const option of options) addOption(command, option);
  command.action(async (...given: unknown[]) => {
    const own = given.slice(0, args.length).filter((arg) => arg !== undefined) as string[];
    await action(command.opts(), ...own);
  });
}

function addOption(command: Command, { flag, help, list }: Option): void {
  if (!list) {
    const option = command.createOption(flag, help);
    command.addOption(help ? option : option.hideHelp()); // "--drift" speaks for "--no-drift"
    // "--no-x" makes x true by default: what is not said must stay unsaid.
    const [, negated] = /^--no-([a-z]+)/.exec(flag) ?? [];
    if (negated) command.setOptionValue(negated, undefined);
    return;
  }
  const gather = (value: string, before: string[] = []) => [...before, value];
  command.option(flag, help, gather as never);
}

/** error: unknown option '--x' → Unknown option "--x". */
function sentence(message: string): string {
  const text = message
    .replace(/^error: /, "")
    .replaceAll("'", '"')
    .replace(/\n/g, " ")
    .trim();
  const whole = text[0].toUpperCase() + text.slice(1);
  return /[.?)!]$/.test(whole) ? whole : `${whole}.`;
}

const version = (): string =>
  JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).version;

/** The retrograd command. */
import { runCommandLine } from "./program.ts";
import { processTerminal } from "./show/terminal.ts";

process.exitCode = await runCommandLine(process.argv.slice(2), processTerminal());

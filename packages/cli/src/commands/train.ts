/** retrograd train FILE: from a file to a trained model, a run folder and a report. */

import { fail } from "../failure.ts";
import { settingsFromFile, settingsFromFlags } from "../read/settingsFile.ts";
import { readSource } from "../read/source.ts";
import { assistantFolder, assists, deferring, silent } from "../run/assistant.ts";
import { createRun, freeFolder, type RunFolder, refuseExisting } from "../run/folder.ts";
import { prepare } from "../run/prepare.ts";
import { carryOut } from "../run/session.ts";
import type { Given } from "../settings.ts";
import type { Terminal } from "../show/terminal.ts";
import { viewFor } from "../show/view.ts";

export interface TrainFlags {
  readonly config?: string;
  readonly out?: string;
  readonly json?: boolean;
  /** False for --no-report. */
  readonly report?: boolean;
  readonly [setting: string]: unknown;
}

export async function trainCommand(
  terminal: Terminal,
  flags: TrainFlags,
  file: string,
): Promise<number> {
  if (flags.out?.trim() === "")
    fail("option-value", { option: "--out", given: '""', expected: "the name of a folder" });
  const own = settingsFromFlags(flags);
  const shared = flags.config === undefined ? {} : await settingsFromFile(flags.config);
  const work = (to: Terminal, helps: boolean) =>
    trainOn(to, flags, file, { ...shared, ...own }, helps);
  return assists() ? deferring(() => work(silent(terminal), true)) : work(terminal, false);
}

/**
 * Train on a file with settings.
 * @param helps  this rank only trains along
 */
export async function trainOn(
  terminal: Terminal,
  flags: TrainFlags,
  file: string,
  settings: Given,
  helps = false,
): Promise<number> {
  const view = viewFor(terminal, flags.json ?? false);
  if (flags.out !== undefined && !helps) refuseExisting(flags.out); // before any work is done
  const source = await readSource(file, settings);
  let folder: RunFolder | undefined;
  try {
    const [task, notes] = await prepare(source, settings);
    view.say(...notes);
    folder = helps ? assistantFolder() : await createRun(flags.out ?? freeFolder(source.name));
    const rest = { notes, report: flags.report ?? true, assists: helps };
    return await carryOut({ task, source, settings, folder, view, terminal, ...rest }, false);
  } finally {
    await folder?.close();
    source.close();
  }
}

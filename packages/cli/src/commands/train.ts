/** retrograd train FILE: from a file to a trained model, a run folder and a report. */

import { fail } from "../failure.ts";
import { settingsFromFile, settingsFromFlags } from "../read/settingsFile.ts";
import { readSource } from "../read/source.ts";
import { createRun, freeFolder, refuseExisting } from "../run/folder.ts";
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
  return trainOn(terminal, flags, file, { ...shared, ...own });
}

/** Train on a file with settings. */
export async function trainOn(
  terminal: Terminal,
  flags: TrainFlags,
  file: string,
  settings: Given,
): Promise<number> {
  const view = viewFor(terminal, flags.json ?? false);
  if (flags.out !== undefined) refuseExisting(flags.out); // before any work is done
  const source = await readSource(file, settings);
  const [task, notes] = await prepare(source, settings);
  view.say(...notes);
  const folder = await createRun(flags.out ?? freeFolder(source.name));
  const report = flags.report ?? true;
  try {
    return await carryOut({ task, source, settings, folder, view, terminal, notes, report }, false);
  } finally {
    await folder.close();
    source.close();
  }
}

/** retrograd resume RUN: go on where a run was interrupted, to the same bits. */
import { fail } from "../failure.ts";
import { settingsFromFlags } from "../read/settingsFile.ts";
import { sourceOf } from "../read/source.ts";
import { assistantFolder, assists, deferring, silent } from "../run/assistant.ts";
import { encodeConfig, modelConfig, readConfig } from "../run/config.ts";
import { openRun, type RunFolder } from "../run/folder.ts";
import { prepare } from "../run/prepare.ts";
import { carryOut } from "../run/session.ts";
import type { Terminal } from "../show/terminal.ts";
import { viewFor } from "../show/view.ts";
import type { TrainFlags } from "./train.ts";

type ResumeFlags = TrainFlags & { readonly data?: string };

export async function resumeCommand(
  terminal: Terminal,
  flags: ResumeFlags,
  path: string,
): Promise<number> {
  return assists()
    ? deferring(() => goOn(silent(terminal), flags, path, true))
    : goOn(terminal, flags, path, false);
}

/** @param helps  this rank only trains along */
async function goOn(
  terminal: Terminal,
  flags: ResumeFlags,
  path: string,
  helps: boolean,
): Promise<number> {
  const view = viewFor(terminal, flags.json ?? false);
  const { run } = await readConfig(path);
  const source = await sourceOf(path, run, flags.data);
  let folder: RunFolder | undefined;
  try {
    if (source.sha256 !== run.source.sha256) fail("source-changed", { path: source.path });
    const { epochs, rate, clip, shards, compileFor } = flags;
    const changed = settingsFromFlags({ epochs, rate, clip, shards, compileFor });
    const settings = { ...run.settings, ...changed };
    const [task, notes] = await prepare(source, settings);
    folder = helps ? assistantFolder(path) : await openRun(path);
    const rest = { notes, report: flags.report ?? true, assists: helps };
    // What was changed stays changed, should this run be interrupted too.
    if (Object.keys(changed).length)
      await folder.write("config.json", encodeConfig(modelConfig(task), source, settings));
    return await carryOut({ task, source, settings, folder, view, terminal, ...rest }, true);
  } finally {
    await folder?.close();
    source.close();
  }
}

/** A run as its parts are handed it: what to train, on what, where, and who watches. */
import type { Source } from "../read/source.ts";
import type { Given } from "../settings.ts";
import type { Terminal } from "../show/terminal.ts";
import type { View } from "../show/view.ts";
import type { RunFolder } from "./folder.ts";
import type { Prepared } from "./prepare.ts";

export interface Job {
  readonly task: Prepared;
  readonly source: Source;
  readonly settings: Given;
  readonly folder: RunFolder;
  readonly view: View;
  readonly terminal: Terminal;
  readonly notes: readonly string[];
  /** Whether to write report.html. */
  readonly report: boolean;
  /** True in ranks that only help: they judge and write nothing. */
  readonly assists: boolean;
}

/** A line of log.txt. */
export const stamped = (text: string): string => `${new Date().toISOString()}  ${text}\n`;

export async function log({ folder }: Pick<Job, "folder">, ...texts: string[]): Promise<void> {
  await folder.append("log.txt", texts.map(stamped).join(""));
}

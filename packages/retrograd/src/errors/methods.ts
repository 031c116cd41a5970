/** Messages of the methods that send credit back through time otherwise than bptt. */
import { type Fail, failFrom } from "../errors.ts";
import { compilerMessages } from "./compiler.ts";

const mebibytes = (n: number): string => `${(Math.ceil((n / 2 ** 20) * 100) / 100).toFixed(2)} MiB`;

export const methodMessages = {
  "window-targets": {
    text: (o: { window: number; time: number; targets: string }) =>
      `truncated: sequences of ${o.time} steps are cut into windows of ${o.window}, but the targets ${o.targets} are not over time.`,
    cure: (o: { time: number }) =>
      `Give a target at every step, or a window of at least ${o.time} steps.`,
  },
  "influence-size": {
    text: (o: {
      state: number;
      params: number;
      rows: number;
      bytes: number;
      limit: number;
      reason: string;
    }) =>
      `forward: how ${o.state} numbers of state depend on ${o.params} parameters takes ${mebibytes(o.bytes)} for ${o.rows} rows, more than ${mebibytes(o.limit)}; unit by unit it cannot be kept, since ${o.reason}.`,
    cure: () =>
      `Take a diagonal cell, a smaller model, fewer rows or forward({ limit }); or an approximation, snap1(), or bptt().`,
  },
  "budget-small": {
    text: (o: { budget: number; least: number; time: number; length: number }) =>
      `checkpointed: no schedule for sequences of ${o.time} steps fits into ${mebibytes(o.budget)}; the least that was found, ${o.length < o.time ? `segments of ${o.length} steps` : "all steps kept"}, needs ${mebibytes(o.least)}.`,
    cure: (o: { least: number }) =>
      `Allow ${mebibytes(o.least)}, use a smaller batch, or cut the sequences: truncated({ window }).`,
  },
} as const;

const messages = { ...compilerMessages, ...methodMessages };
export const fail: Fail<typeof messages> = failFrom(messages);

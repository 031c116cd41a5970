/** Messages of training. */
import { type Fail, failFrom } from "../errors.ts";
import { compilerMessages } from "./compiler.ts";

export const trainingMessages = {
  "window-targets": {
    text: (o: { window: number; time: number; targets: string }) =>
      `truncated: sequences of ${o.time} steps are cut into windows of ${o.window}, but the targets ${o.targets} are not over time.`,
    cure: (o: { time: number }) =>
      `Give a target at every step, or a window of at least ${o.time} steps.`,
  },
  "label-range": {
    text: (o: { label: number; row: number; classes: number }) =>
      `Label ${o.label} in row ${o.row} of a batch: the model tells ${o.classes} classes apart, 0 to ${o.classes - 1}.`,
    cure: () =>
      `Give the model's last layer more outputs, or mark positions without a target: crossEntropy({ ignore: -1 }).`,
  },
  "no-batches": {
    text: (o: { what: string; epoch: number }) => `${o.what} gave no batch in epoch ${o.epoch}.`,
    cure: () => `Use more data, shorter windows or a smaller batch.`,
  },
  "folder-unknown": {
    text: (o: { folder: string }) => `The folder "${o.folder}" cannot be opened here.`,
    cure: () =>
      `In Node, load retrograd/node first; in a page, give a store: memoryStore() or your own.`,
  },
} as const;

const messages = { ...compilerMessages, ...trainingMessages };
export const fail: Fail<typeof messages> = failFrom(messages);

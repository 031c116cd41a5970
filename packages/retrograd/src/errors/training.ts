/** Messages of training. */
import { type Fail, failFrom } from "../errors.ts";
import { compilerMessages } from "./compiler.ts";

export const trainingMessages = {
  "window-long": {
    text: (o: { name: string; window: number; time: number }) =>
      `${o.name}: the sequences have ${o.time} steps and the window ${o.window}, so each is learned from whole, and nothing is truncated.`,
    cure: (o: { time: number }) =>
      `Use a window of less than ${o.time} steps; or bptt(), if that is what is meant; or \`start\`, if sequences go on in the next batch.`,
  },
  "label-range": {
    text: (o: { label: number; row: number; classes: number }) =>
      `Label ${o.label} in row ${o.row} of a batch: the model tells ${o.classes} classes apart, 0 to ${o.classes - 1}.`,
    cure: () =>
      `Give the model's last layer more outputs, or mark positions without a target: crossEntropy({ ignore: -1 }).`,
  },
  "data-not-finite": {
    text: (o: { what: string; step: number | undefined; op: string }) =>
      `${o.what} is not a finite number${o.step === undefined ? "" : ` at time step ${o.step}`}, in ${o.op}.`,
    cure: (o: { what: string }) =>
      `Check the data for missing values (NaN) and for infinity: fill them, or leave them out${o.what === "The target" ? " with a mask" : ""}.`,
  },
  "start-missing": {
    text: (o: { method: string; epoch: number; batch: number }) =>
      `${o.method}: batch ${o.batch} of epoch ${o.epoch} has no \`start\`, so every row begins a new sequence there, from the first state.`,
    cure: () =>
      `Give each batch start, [batch]: 0 where a row goes on with its sequence of the batch before, 1 where it begins one (all 1 if the batches are independent).`,
  },
  "no-batches": {
    text: (o: { what: string; epoch: number }) => `${o.what} gave no batch in epoch ${o.epoch}.`,
    cure: () => `Use more data, shorter windows or a smaller batch.`,
  },
  "shards-alone": {
    text: (o: { shards: number; reason: string; cure: string }) =>
      `Training runs in one shard instead of ${o.shards}: ${o.reason}.`,
    cure: (o: { cure: string }) => o.cure,
  },
  "shards-ranks": {
    text: (o: { shards: number; processes: number }) =>
      `${o.shards} shards were asked for, but ${o.processes} processes train: each is one shard.`,
    cure: () => `Leave shards out, or start as many processes.`,
  },
  "shards-idle": {
    text: (o: { shards: number; rows: number }) =>
      `${o.shards} shards share batches of ${o.rows} rows: ${o.shards - o.rows} of them have nothing to learn from.`,
    cure: (o: { rows: number }) => `Use at most ${o.rows} shards, or larger batches.`,
  },
  "folder-unknown": {
    text: (o: { folder: string }) => `The folder "${o.folder}" cannot be opened here.`,
    cure: () =>
      `In Node, load retrograd/node first; in a page, give a store: memoryStore() or your own.`,
  },
} as const;

const messages = { ...compilerMessages, ...trainingMessages };
export const fail: Fail<typeof messages> = failFrom(messages);

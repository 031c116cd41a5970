/** Messages of cells and layers. */
import { type Fail, failFrom } from "../errors.ts";
import { compilerMessages } from "./compiler.ts";

export const layerMessages = {
  "no-features": {
    text: (o: { what: string }) => `${o.what}: its input has no axis of features.`,
    cure: () => `Give x the shape [batch, time, features]; one series has one feature.`,
  },
  "input-mismatch": {
    text: (o: { what: string; made: number; given: string }) =>
      `${o.what} was made for an input of size ${o.made}, but ${o.given} comes in.`,
    cure: (o: { made: number }) =>
      `Make the last axis of what comes in ${o.made}, or change the option input.`,
  },
  "input-unknown": {
    text: (o: { what: string }) => `${o.what} cannot tell the shape of its input.`,
    cure: () =>
      `Give it: model.init(key, { input: 3 }) for 3 features, or the option input of the first layer.`,
  },
  "params-mismatch": {
    text: (o: { name: string; given: string; expected: string }) =>
      `Parameter "${o.name}": given ${o.given}; expected ${o.expected}.`,
    cure: () =>
      `Give x as many features as the model was initialised for, or parameters of a model like it.`,
  },
  "step-result": {
    text: (o: { given: string }) => `The step returned ${o.given}.`,
    cure: () => `Return { state: { … }, output }, where output is a tensor.`,
  },
  "no-time": {
    text: (o: { what: string; given: string }) =>
      `${o.what} runs over time, but what comes in has no time axis: ${o.given}.`,
    cure: () => `Give x the shape [batch, time, …]; keep heads such as lastStep() for the end.`,
  },
  "mask-shape": {
    text: (o: { given: string; expected: string }) =>
      `model.apply: given ${o.given}; expected ${o.expected}.`,
    cure: () => `Give one length per sample, within 0 and the number of steps, or a mask of bools.`,
  },
  "key-missing": {
    text: (o: { what: string }) => `${o.what} draws random numbers while training, from a key.`,
    cure: () => `Give one: model.apply(params, x, { train: true, key: random.key(0) }).`,
  },
  "cannot-stream": {
    text: (o: { what: string; reason: string }) =>
      `${o.what} cannot run step by step: ${o.reason}.`,
    cure: () => `Use model.apply on whole sequences, or a layer that reads forward in time only.`,
  },
  "skip-long": {
    text: (o: { what: string; skip: number; time: number }) =>
      `${o.what}: a state is read ${o.skip} moments later, but the sequences have ${o.time}: what is learned would never be used.`,
    cure: (o: { time: number }) =>
      `Skip fewer than ${o.time} moments, train on longer sequences, or carry the state from batch to batch: truncated({ window: ${o.time} }), and start.`,
  },
  "not-concrete": {
    text: (o: { what: string }) => `${o.what} needs numbers, but a traced tensor was given.`,
    cure: () => `Call it outside of jit and grad.`,
  },
} as const;

const messages = { ...compilerMessages, ...layerMessages };
export const fail: Fail<typeof messages> = failFrom(messages);

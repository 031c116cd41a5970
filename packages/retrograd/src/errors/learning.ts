/** Messages of cells, layers and training. */
export const learningMessages = {
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
      `Parameter "${o.name}" is ${o.given}, but ${o.expected} was expected.`,
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
      `${o.given} was given, but ${o.expected} was expected.`,
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
  "not-concrete": {
    text: (o: { what: string }) => `${o.what} needs numbers, but a traced tensor was given.`,
    cure: () => `Call it outside of jit and grad.`,
  },
  "weights-damaged": {
    text: (o: { reason: string; cure: string }) =>
      `These are not the bytes of a safetensors file: ${o.reason}.`,
    cure: (o: { cure: string }) => o.cure,
  },
  "weights-missing": {
    text: (o: { what: string; missing: string; extra: string }) =>
      `${o.what}: ${[
        o.missing && `the weights lack ${o.missing}`,
        o.extra && `nothing in the model takes ${o.extra}`,
      ]
        .filter(Boolean)
        .join(", and ")}.`,
    cure: () => `Build the model with the layers and options that the weights were made for.`,
  },
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
  "folder-locked": {
    text: (o: { folder: string; process: number; host: string; since: string }) =>
      `Process ${o.process} on ${o.host} has been training in ${o.folder} since ${o.since}.`,
    cure: () =>
      `Wait for it, stop it, or train in another folder. If it is gone, delete the file "lock" there.`,
  },
  "folder-taken": {
    text: (o: { folder: string; step: number }) =>
      `${o.folder} holds a run already, at step ${o.step}.`,
    cure: () => `Go on with it: train.resume(folder, options). Or train in an empty folder.`,
  },
  "folder-unknown": {
    text: (o: { folder: string }) => `The folder "${o.folder}" cannot be opened here.`,
    cure: () =>
      `In Node, load retrograd/node first; in a page, give a store: memoryStore() or your own.`,
  },
  "checkpoint-missing": {
    text: (o: { where: string }) => `${o.where} holds no checkpoint to go on from.`,
    cure: () => `Begin with train({ …, checkpoint: { folder } }), or name the folder of a run.`,
  },
  "checkpoint-mismatch": {
    text: (o: { name: string; given: string; expected: string }) =>
      `The checkpoint was made with ${o.name} = ${o.expected}, but ${o.given} was given.`,
    cure: () => `Resume with the options of the run, or begin a new one in another folder.`,
  },
  "checkpoint-damaged": {
    text: (o: { name: string; where: string }) =>
      `The checkpoint ${o.name} in ${o.where} is damaged, so the one before it is used.`,
    cure: () => `Nothing is to be done: the steps in between are taken again.`,
  },
  "disk-full": {
    text: (o: { path: string }) => `There is no space left to write ${o.path}.`,
    cure: () => `Free some space and go on: what was written before is untouched.`,
  },
  "file-failed": {
    text: (o: { path: string; action: string; reason: string }) =>
      `${o.path} cannot be ${o.action}: ${o.reason}.`,
    cure: () => `Check the path, and that you may read and write there.`,
  },
  "worker-failed": {
    text: (o: { module: string; reason: string }) =>
      `The training worker of ${o.module} failed: ${o.reason}.`,
    cure: () => `The module must export build(options), which returns the options of train({ … }).`,
  },
} as const;

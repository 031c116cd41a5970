/** What needs Node: folders of checkpoints, weights in files, training threads. */
export { loadWeights, saveWeights } from "./files.ts";
export { folderStore } from "./store.ts";
export { type ThreadOptions, trainInWorker } from "./worker.ts";

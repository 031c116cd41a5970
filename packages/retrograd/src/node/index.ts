/**
 * What needs Node: folders of checkpoints, weights in files, training threads, and
 * the native target, which importing this makes known.
 */
import "./native/index.ts";
import "./threads.ts";

export { loadWeights, saveWeights } from "./files.ts";
export { joinRanks, leaveRanks } from "./mpi/index.ts";
export { mpiLibrary } from "./mpi/library.ts";
export { type SeriesFile, seriesFile } from "./seriesFile.ts";
export { folderStore } from "./store.ts";
export { openText, type TextFile, type TextFileOptions } from "./textFile.ts";
export { type ThreadOptions, trainInWorker } from "./worker.ts";

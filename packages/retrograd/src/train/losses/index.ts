/** Losses, by what they expect of a target. */
export { type CrossEntropyOptions, crossEntropy } from "./crossEntropy.ts";
export { binaryCrossEntropy, huber, mae, mse } from "./distances.ts";
export { type GaussianOptions, gaussian, quantile } from "./likelihoods.ts";
export type { Loss, Mean } from "./loss.ts";

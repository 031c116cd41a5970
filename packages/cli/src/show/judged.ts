/**
 * Which part of the data a model is judged on, and how that part is called wherever scores are
 * told: a score on what the model has learned from must never pass for one on what it has not.
 */

export type PartName = "test" | "validation" | "training";

export interface Parts<P> {
  readonly test: P;
  readonly validation: P;
  readonly train: P;
}

/** The part that was never seen, or for want of it the one that was seen least. */
export function judgedPart<P>(
  { test, validation, train }: Parts<P>,
  suffices: (part: P) => boolean,
): { readonly name: PartName; readonly part: P } {
  if (suffices(test)) return { name: "test", part: test };
  if (suffices(validation)) return { name: "validation", part: validation };
  return { name: "training", part: train };
}

/** What the model knows of a part, as the end of a sentence about it. */
export const SEEN: Readonly<Record<PartName, string>> = {
  test: "which was never seen in training",
  validation: "by which the weights were chosen",
  training: "which it has learned from",
};

/** A part at the head of its table. */
export const HEADING: Readonly<Record<PartName, string>> = {
  test: "Test part, never seen in training",
  validation: "Validation part, by which the weights were chosen (the test part is too short)",
  training: "Training part, which it has learned from (the test part is too short)",
};

/**
 * A training step on sequences with a class at every moment: a cell, a dense head, softmax, Adam.
 */
import type { Cell } from "retrograd/cells";
import { dense, sequential, unroll } from "retrograd/layers";
import { crossEntropy } from "retrograd/train";
import type { CaseOptions, Prepared, Work } from "./case.ts";
import type { Elementary } from "./elementary.ts";
import { batchFirst, type Numbers, type Sizes } from "./numbers.ts";
import { stepWork } from "./stepWork.ts";
import { adamBytes, countOf, shaped, trainingCase } from "./training.ts";

/** What a case asks of its cell. */
export interface SequenceCell {
  readonly cell: Cell;
  readonly params: unknown;
}

/** The data of a case, batch first, cut or repeated to the sizes that are wanted. */
export function fedOf(
  sizes: Sizes,
  { x, y }: Pick<Numbers, "x" | "y">,
  { batch = sizes.batch, length = sizes.time }: Pick<CaseOptions, "batch" | "length">,
) {
  const to = { time: length, batch };
  return {
    inputs: shaped(batchFirst(x, sizes, to), batch, length, sizes.input),
    targets: shaped(batchFirst(y, sizes, to), batch, length),
  };
}

export function sequenceCase(
  sizes: Sizes,
  numbers: Pick<Numbers, "x" | "y" | "head">,
  own: SequenceCell,
  options: CaseOptions,
): Prepared {
  const { size, classes } = sizes;
  const batch = fedOf(sizes, numbers, options);
  const head = { W: shaped(numbers.head.W, size, classes), b: shaped(numbers.head.b, classes) };
  const params = [own.params, head];
  return trainingCase({
    model: sequential(unroll(own.cell), dense(classes)),
    params,
    loss: crossEntropy(),
    batch,
    target: options.target,
    shards: options.shards,
    work: sequenceWork(sizes, own.cell, params, batch.targets.size),
  });
}

/**
 * What a training step needs at least.
 * @param params  of the cell and of the head
 * @param rows    moments of all samples together
 */
export function sequenceWork(
  { input, size, classes }: Sizes,
  cell: Cell,
  params: unknown,
  rows: number,
): Work {
  const { training, elementary } = stepWork(cell, input);
  const functions = Object.entries(elementary).map(([name, n]) => [name, n * rows]);
  return {
    // Multiply-adds count twice; the head is one more product, forward and twice back.
    flops: 2 * rows * (training + 3 * size * classes),
    bytes: adamBytes(params) + 4 * countOf(params) + 4 * rows * input,
    elementary: withHead(Object.fromEntries(functions), classes * rows, rows),
  };
}

type Functions = Partial<Record<Elementary, number>>;

/** Softmax and its logarithm besides. */
const withHead = (own: Functions, exp: number, log: number): Functions => ({
  ...own,
  exp: (own.exp ?? 0) + exp,
  log: (own.log ?? 0) + log,
});

/**
 * A training step on sequences with a class at every moment: a cell, a dense head, softmax, Adam;
 * and the work that a gated or plain cell of these sizes asks of anybody.
 */
import type { Cell } from "retrograd/cells";
import { dense, sequential, unroll } from "retrograd/layers";
import { crossEntropy } from "retrograd/train";
import type { CaseOptions, Prepared } from "./case.ts";
import type { Elementary } from "./elementary.ts";
import { batchFirst, type Numbers, type Sizes } from "./numbers.ts";
import { adamBytes, countOf, shaped, trainingCase } from "./training.ts";

/** What a case asks of its cell. */
export interface SequenceCell {
  readonly cell: Cell;
  readonly params: unknown;
  /** Matrices [input + size, size] in the cell: one for each gate. */
  readonly gates: number;
  /** Elementary functions of one unit at one moment, forward. */
  readonly elementary: Partial<Record<Elementary, number>>;
}

/** Multiply-adds of one moment of one sample, forward: the parts of the cell, and the head. */
export function multiplyAdds({ input, size, classes }: Sizes, gates: number) {
  return { cell: size * gates * size, entering: input * gates * size, head: size * classes };
}

/**
 * Operations of a training step, multiply-adds counted twice: forward; and backward once for the
 * weights and once for what entered, but for x, whose gradient nobody asks for.
 */
function trainingFlops(sizes: Sizes, gates: number, rows: number): number {
  const { cell, entering, head } = multiplyAdds(sizes, gates);
  return 2 * rows * (3 * (cell + head) + 2 * entering);
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
  const rows = batch.targets.size;
  const head = { W: shaped(numbers.head.W, size, classes), b: shaped(numbers.head.b, classes) };
  const params = [own.params, head];
  const units = Object.entries(own.elementary).map(([name, n]) => [name, n * size * rows]);
  return trainingCase({
    model: sequential(unroll(own.cell), dense(classes)),
    params,
    loss: crossEntropy(),
    batch,
    target: options.target,
    shards: options.shards,
    work: {
      flops: trainingFlops(sizes, own.gates, rows),
      bytes: adamBytes(params) + 4 * countOf(params) + 4 * rows * sizes.input,
      elementary: { ...Object.fromEntries(units), exp: classes * rows, log: rows },
    },
  });
}

/**
 * What the large cases share: data, the head, and the work that a gated or plain cell of these sizes
 * asks of anybody.
 */
import type { Cell } from "retrograd/cells";
import { dense, sequential, unroll } from "retrograd/layers";
import { crossEntropy } from "retrograd/train";
import type { CaseOptions, Prepared } from "./case.ts";
import type { Elementary } from "./elementary.ts";
import { batchFirst, LARGE, largeNumbers } from "./numbers.ts";
import { adamBytes, countOf, shaped, trainingCase } from "./training.ts";

export type Numbers = ReturnType<typeof largeNumbers>;

export interface LargeCell {
  readonly cell: Cell;
  readonly params: (numbers: Numbers) => unknown;
  /** Matrices [input + size, size] in the cell: one for each gate. */
  readonly gates: number;
  /** Elementary functions of one unit at one moment, forward. */
  readonly elementary: Partial<Record<Elementary, number>>;
}

const { input, size, classes } = LARGE;

/**
 * Multiply-adds counted twice: forward; and backward once for the weights and once for what
 * entered, but for x, whose gradient nobody asks for.
 */
export function largeFlops(gates: number, rows: number): number {
  const cell = size * gates * size;
  const entering = input * gates * size;
  const head = size * classes;
  return 2 * rows * (3 * (cell + head) + 2 * entering);
}

export function largeCase(
  own: LargeCell,
  { target, batch, length, shards }: CaseOptions,
): Prepared {
  const numbers = largeNumbers();
  const to = { time: length ?? LARGE.time, batch: batch ?? LARGE.batch };
  const rows = to.time * to.batch;
  const params = {
    0: own.params(numbers),
    1: { W: shaped(numbers.head.W, size, classes), b: shaped(numbers.head.b, classes) },
  };
  const units = Object.entries(own.elementary).map(([name, n]) => [name, n * size * rows]);
  return trainingCase({
    model: sequential(unroll(own.cell), dense(classes)),
    params: Object.values(params),
    loss: crossEntropy(),
    batch: {
      inputs: shaped(batchFirst(numbers.x, LARGE, to), to.batch, to.time, input),
      targets: shaped(batchFirst(numbers.y, LARGE, to), to.batch, to.time),
    },
    target,
    shards,
    work: {
      flops: largeFlops(own.gates, rows),
      bytes: adamBytes(params) + 4 * countOf(params) + 4 * rows * input,
      elementary: { ...Object.fromEntries(units), exp: classes * rows, log: rows },
    },
  });
}

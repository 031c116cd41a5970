/**
 * The cells of the library in one table, each as its users make it. A row is all that a cell needs
 * to be timed; peers/cells has the same steps in PyTorch, under the same names.
 */
import { random, type Tensor } from "retrograd";
import {
  antisymmetric,
  attending,
  type Cell,
  cfc,
  coRnn,
  deltaNet,
  dilated,
  drawTree,
  gatedDeltaNet,
  gru,
  leaky,
  lru,
  lstm,
  ltc,
  mamba,
  minGru,
  minLstm,
  mLstm,
  orthogonal,
  residual,
  rgLru,
  rnn,
  rwkv7,
  s5,
  shPlrnn,
  sLstm,
  transformer,
  uniCornn,
  unitary,
} from "retrograd/cells";
import { LARGE, LEAKY_SMALL, type Sizes, sequenceNumbers } from "./numbers.ts";

/** A cell with outputs of that size, for sequences of that many moments. */
type Row = (size: number, time: number) => Cell;

export const CELLS: Readonly<Record<string, Row>> = {
  rnn: (size) => rnn({ size }),
  diagonalRnn: (size) => rnn({ size, recurrence: "diagonal" }),
  lowRankRnn: (size) => rnn({ size, recurrence: { rank: 16 } }),
  blockRnn: (size) => rnn({ size, recurrence: { blocks: 4 } }),
  lstm: (size) => lstm({ size }),
  coupledLstm: (size) => lstm({ size, coupled: true }),
  normedLstm: (size) => lstm({ size, layerNorm: true }),
  gru: (size) => gru({ size }),
  leaky: (size) => leaky({ size }),
  residual: (size) => residual(rnn({ size })),
  dilated: (size) => dilated(rnn({ size }), 4),
  /** The same, beside a loop over moments in PyTorch instead of one over turns side by side. */
  dilatedLoop: (size) => dilated(rnn({ size }), 4),
  orthogonal: (size) => orthogonal({ size }),
  cayley: (size) => orthogonal({ size, method: "cayley" }),
  householder: (size) => orthogonal({ size, method: "householder" }),
  unitary: (size) => unitary({ size: size / 2 }), // complex units, each with two outputs
  antisymmetric: (size) => antisymmetric({ size }),
  coRnn: (size) => coRnn({ size }),
  uniCornn: (size) => uniCornn({ size }),
  lru: (size) => lru({ size }),
  s5: (size) => s5({ size }),
  mamba: (size) => mamba({ size }),
  minGru: (size) => minGru({ size }),
  minLstm: (size) => minLstm({ size }),
  rgLru: (size) => rgLru({ size }),
  sLstm: (size) => sLstm({ size, heads: 4 }),
  mLstm: (size) => mLstm({ size }),
  deltaNet: (size) => deltaNet({ size }),
  gatedDeltaNet: (size) => gatedDeltaNet({ size }),
  rwkv7: (size) => rwkv7({ size }),
  cfc: (size) => cfc({ size }),
  ltc: (size) => ltc({ size }),
  shPlrnn: (size) => shPlrnn({ size }),
  attending: (size) => attending({ size }),
  transformer: (size, time) => transformer({ size, context: time }),
  /** The same, beside a loop in PyTorch instead of all moments at once. */
  transformerLoop: (size, time) => transformer({ size, context: time }),
};

/** Cells that add to their input, which has as many features as they have units. */
const AS_WIDE: ReadonlySet<string> = new Set(["transformer", "transformerLoop"]);

/** Much to do in each of few steps, and little in each of many. */
export const SIZES: Readonly<Record<string, Sizes>> = { 256: LARGE, 64: LEAKY_SMALL };

export interface TimedCell {
  readonly cell: Cell;
  readonly sizes: Sizes;
  readonly params: any;
  readonly x: Float32Array;
  readonly y: Int32Array<ArrayBuffer>;
  readonly head: { readonly W: Float32Array; readonly b: Float32Array };
}

/** A cell of the table with its data and its first parameters, the same whenever it is asked. */
export function timedCell(name: string, size: string): TimedCell {
  const given = SIZES[size];
  const sizes = AS_WIDE.has(name) ? { ...given, input: given.size } : given;
  const cell = CELLS[name](sizes.size, sizes.time);
  const params = drawTree<Record<string, Tensor>>(cell.params([sizes.input]), random.key(1));
  const { x, y, head } = sequenceNumbers(1, sizes, 1);
  return { cell, sizes, params, x, y, head };
}

/**
 * The cells of the library in one table, each as its users make it. A row is all that a cell needs
 * to be timed; peers/cells.py has the same steps in PyTorch, under the same names.
 */
import { random, type Tensor } from "retrograd";
import {
  type Cell,
  cfc,
  deltaNet,
  drawTree,
  gatedDeltaNet,
  gru,
  lstm,
  ltc,
  mLstm,
  rnn,
  rwkv7,
  shPlrnn,
  sLstm,
} from "retrograd/cells";
import { LARGE, LEAKY_SMALL, type Sizes, sequenceNumbers } from "./numbers.ts";

type Row = (size: number) => Cell;

export const CELLS: Readonly<Record<string, Row>> = {
  rnn: (size) => rnn({ size }),
  lstm: (size) => lstm({ size }),
  gru: (size) => gru({ size }),
  sLstm: (size) => sLstm({ size, heads: 4 }),
  mLstm: (size) => mLstm({ size }),
  deltaNet: (size) => deltaNet({ size }),
  gatedDeltaNet: (size) => gatedDeltaNet({ size }),
  rwkv7: (size) => rwkv7({ size }),
  cfc: (size) => cfc({ size }),
  ltc: (size) => ltc({ size }),
  shPlrnn: (size) => shPlrnn({ size }),
};

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
  const sizes = SIZES[size];
  const cell = CELLS[name](sizes.size);
  const params = drawTree<Record<string, Tensor>>(cell.params([sizes.input]), random.key(1));
  const { x, y, head } = sequenceNumbers(1, sizes, 1);
  return { cell, sizes, params, x, y, head };
}

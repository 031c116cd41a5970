/** The cells that PyTorch has: RNN, LSTM and GRU, with one bias or two, and projection. */
import type { Cell } from "../cells/cell.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Taken } from "./taken.ts";
import * as layout from "./torchLayouts.ts";

interface CellCodec {
  write(params: any, out: Record<string, Tensor>): void;
  read(weights: Taken): any;
}

const GATES: Readonly<Record<string, number>> = { rnn: 1, lstm: 4, gru: 3 };
/** Places of z and n among the gates r, z, n. */
const Z = 1;
const N = 2;

/**
 * How a cell is written there; undefined for cells that PyTorch does not have.
 * @param suffix  "_l0", "_l1_reverse", …
 */
export function classicCell({ name, options }: Cell, suffix: string): CellCodec | undefined {
  const gates = GATES[name];
  const { peepholes, coupled, layerNorm, recurrence = "full", reset, initial } = options;
  const isStandard = !peepholes && !coupled && !layerNorm && recurrence === "full";
  const isOther = !isStandard || reset === "before" || initial === "learned";
  const isTorch = name !== "rnn" || ["tanh", "relu"].includes(options.activation as string);
  if (gates === undefined || isOther || !isTorch) return undefined;
  const turn = (t: Tensor): Tensor => (options.update === "move" ? layout.negated(t, Z) : t);
  return {
    write({ Wx, Wh, Wr, b, bh }, out) {
      out[`weight_ih${suffix}`] = layout.toRows(turn(Wx));
      out[`weight_hh${suffix}`] = layout.toRows(turn(Wh));
      if (b) {
        const [first, second] = twoBiases(turn(b), bh && (bh.rank === b.rank ? turn(bh) : bh));
        out[`bias_ih${suffix}`] = layout.biasRows(first);
        out[`bias_hh${suffix}`] = layout.biasRows(second);
      }
      if (Wr) out[`weight_hr${suffix}`] = layout.transposed(Wr);
    },
    read(weights) {
      const matrix = (part: string) => {
        const t = weights.take(`weight_${part}${suffix}`);
        return t && turn(layout.fromRows(t, gates));
      };
      const bias = (part: string) => {
        const t = weights.take(`bias_${part}${suffix}`);
        return t && turn(layout.biasGates(t, gates));
      };
      const params = { Wx: matrix("ih"), Wh: matrix("hh") };
      const isProjected = options.projection !== undefined && options.projection !== options.size;
      const Wr = isProjected ? weights.take(`weight_hr${suffix}`) : undefined;
      const projection = Wr && { Wr: layout.transposed(Wr) };
      if (options.biases === 0) return { ...params, ...projection };
      const [b, bh] = [bias("ih"), bias("hh")];
      if (!b || !bh) return params;
      return { ...params, ...ownBiases(name, options.biases as number, b, bh), ...projection };
    },
  };
}

/**
 * Ours as PyTorch's two: the second is zero where there is one, or holds the part that r
 * multiplies.
 */
function twoBiases(b: Tensor, bh: Tensor | undefined): [Tensor, Tensor] {
  if (!bh) return [b, layout.zerosOf(b)];
  return [b, bh.rank === b.rank ? bh : layout.onlyGate(bh, b.shape[0], N)];
}

/** PyTorch's two as ours: one is their sum, but for the part of a GRU that r multiplies. */
function ownBiases(name: string, biases: number, b: Tensor, bh: Tensor) {
  if (biases === 2) return { b, bh };
  if (name !== "gru") return { b: layout.sum(b, bh) };
  return { b: layout.sum(b, layout.withoutGate(bh, N)), bh: layout.gateOf(bh, N) };
}

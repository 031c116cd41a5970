/** A cell that reads a sequence both ways. It needs the whole sequence, so it is not one step. */
import { fail } from "../errors/layers.ts";
import { type Cell, oneOf } from "./cell.ts";

export interface BidirectionalOptions {
  /** How the outputs of the two directions meet: side by side (default), added, or averaged. */
  readonly merge?: "concatenate" | "sum" | "mean";
  /** Another cell for the way back; the same kind by default, with parameters of its own. */
  readonly backward?: Cell;
}

export interface Bidirectional<P = any, S = any> {
  readonly kind: "bidirectional";
  readonly name: string;
  readonly forward: Cell<P, S>;
  readonly backward: Cell<P, S>;
  readonly merge: "concatenate" | "sum" | "mean";
}

/**
 * Two cells, of which one runs from the last moment to the first; for `unroll`. Params and state
 * are { forward, backward }. The output of a moment has seen the past forward and the future
 * backward.
 * Source: Schuster and Paliwal 1997, doi:10.1109/78.650093.
 * Checked: PyTorch's bidirectional LSTM and GRU, with sequences of different lengths.
 */
export function bidirectional<P, S>(
  cell: Cell<P, S>,
  { merge = "concatenate", backward = cell, ...rest }: BidirectionalOptions = {},
): Bidirectional<P, S> {
  for (const given of Object.keys(rest))
    fail("unknown-option", { where: "bidirectional", given, known: "merge, backward" });
  oneOf("bidirectional: merge", merge, ["concatenate", "sum", "mean"]);
  const name = `bidirectional(${cell.name})`;
  return { kind: "bidirectional", name, forward: cell, backward: backward as Cell<P, S>, merge };
}

export const isBidirectional = (x: unknown): x is Bidirectional =>
  typeof x === "object" && x !== null && (x as Bidirectional).kind === "bidirectional";

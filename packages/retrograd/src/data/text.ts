/**
 * A long text as parallel streams: cut into as many contiguous pieces as the batch has rows, each
 * piece read window after window with the state carried, so that the windows of a row, put
 * together, are that row's piece of the text. Every character but the first is a target exactly
 * once.
 */
import { fail } from "../errors/data.ts";
import type { Codes } from "./characters.ts";
import { requirePositive } from "./positive.ts";

/** Windows of one step of the streams. */
export interface TextBatch {
  /** [batch, window]: numbers of characters; 0 where masked. */
  inputs: Int32Array;
  /** [batch, window]: the character after each. */
  targets: Int32Array;
  /** [batch, window]: 0 beyond the end of a row's piece. */
  mask: Float32Array;
  /** [batch]: 1 in the first batch, where the state must be reset. */
  start: Uint8Array;
  /** [batch]: characters of the row's piece in this window. */
  lengths: Int32Array;
}

/** The batches of one pass over a text; any of them can be asked for. */
export interface TextStreams {
  /** Batches in a pass. */
  count: number;
  batch: number;
  window: number;
  /** Targets in a pass: one fewer than characters. */
  targets: number;
  at(index: number): TextBatch;
}

/**
 * Streams over an encoded text.
 * @param codes  [characters], as `encode` gives them, or read when a batch is asked for
 * @param options `batch` rows, `window` characters
 * @throws "option-positive"; "text-short" where not every row would have a character to forecast
 */
export function makeTextStreams(
  codes: Codes,
  { batch, window }: { batch: number; window: number },
): TextStreams {
  requirePositive({ batch, window });
  const targets = codes.length - 1;
  if (targets < batch)
    fail("text-short", { what: "The text", length: codes.length, least: batch + 1, batch });
  const begin = (row: number) => Math.floor((targets * row) / batch);
  const count = Math.ceil(Math.ceil(targets / batch) / window);
  const at = (index: number): TextBatch => {
    const result: TextBatch = {
      inputs: new Int32Array(batch * window),
      targets: new Int32Array(batch * window),
      mask: new Float32Array(batch * window),
      start: new Uint8Array(batch).fill(index === 0 ? 1 : 0),
      lengths: new Int32Array(batch),
    };
    for (let row = 0; row < batch; row++) {
      const from = begin(row) + index * window;
      const to = Math.max(from, Math.min(from + window, begin(row + 1)));
      if (to > from) {
        const piece = codes.subarray(from, to + 1);
        result.inputs.set(piece.subarray(0, -1), row * window);
        result.targets.set(piece.subarray(1), row * window);
      }
      result.mask.fill(1, row * window, row * window + to - from);
      result.lengths[row] = to - from;
    }
    return result;
  };
  return { count, batch, window, targets, at };
}

/**
 * Cut a text into its training part and what follows, between code points.
 * @param validation fraction of the characters kept from training; usually 0.1
 */
export function splitText(text: string, validation = 0.1): { train: string; validation: string } {
  if (!(validation >= 0 && validation < 1))
    fail("split-fractions", { validation, test: 0, reason: `validation is ${validation}` });
  let at = Math.floor(text.length * (1 - validation));
  const low = text.charCodeAt(at);
  if (low >= 0xdc00 && low < 0xe000) at++;
  return { train: text.slice(0, at), validation: text.slice(at) };
}

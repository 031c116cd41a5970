/**
 * How a state is fed back, at its true cost: by a full matrix in n² operations, or by one that is
 * diagonal (n), of low rank (2 n r) or made of blocks on the diagonal (n² / k).
 */
import { fail } from "../../errors.ts";
import { einsum } from "../../ops/linear.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { wholeNumber } from "../cell.ts";
import type { Initial, Initialisers } from "../init.ts";

export type Recurrence =
  | "full"
  | "diagonal"
  | { readonly rank: number }
  | { readonly blocks: number };

/** @throws "bad-argument" */
function checked(where: string, given: Recurrence, size: number): Recurrence {
  if (given === "full" || given === "diagonal") return given;
  const [[key, count] = ["", 0], ...more] = Object.entries(given ?? {});
  const known = typeof given === "object" && more.length === 0 && ["rank", "blocks"].includes(key);
  if (!known)
    fail("bad-argument", {
      where,
      given: JSON.stringify(given) ?? String(given),
      expected: '"full", "diagonal", { rank: 8 } or { blocks: 4 }',
    });
  wholeNumber(`${where}: ${key}`, count);
  if (key === "rank" ? count > size : size % count !== 0)
    fail("bad-argument", {
      where: `${where}: ${key}`,
      given: `${count} for ${size} units`,
      expected: key === "rank" ? "a rank of at most the size" : "a number that divides the size",
    });
  return given;
}

/**
 * Parameters of the feedback among `size` units.
 *   "full" Wh [n, n], orthogonal; "diagonal" Wh [n], uniform in ±1;
 *   { rank: r } Wh [n, r] and Wr [r, n]; { blocks: k } Wh [n/k, k, n/k], each block orthogonal
 * @throws "bad-argument"
 */
export function feedback(
  where: string,
  given: Recurrence,
  size: number,
  init: Initialisers,
): { Wh: Initial; Wr?: Initial } {
  const kind = checked(where, given, size);
  if (kind === "full") return { Wh: init.orthogonal([size, size]) };
  if (kind === "diagonal") return { Wh: init.uniform([size], 1) };
  if ("rank" in kind)
    return { Wh: init.orthogonal([size, kind.rank]), Wr: init.orthogonal([kind.rank, size]) };
  const width = size / kind.blocks;
  return { Wh: init.orthogonal([width, kind.blocks, width]) };
}

/** h times the matrix that the parameters stand for. */
export function fedBack(given: Recurrence, h: Tensor, Wh: Tensor, Wr?: Tensor): Tensor {
  if (Wr) return h.dot(Wh).dot(Wr);
  if (given === "diagonal") return h.mul(Wh);
  if (given === "full") return h.dot(Wh);
  const [width, blocks] = Wh.shape;
  return einsum("ki,iko->ko", h.reshape([blocks, width]), Wh).reshape(h.shape);
}

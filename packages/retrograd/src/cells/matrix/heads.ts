/**
 * What cells with a matrix as state share: the units in heads of equal size, each with a matrix
 * [key, value] of its own. Letters of maps: h a head, k along keys, v along values.
 */
import { fail } from "../../errors/layers.ts";
import { elementwise } from "../../ops/broadcast.ts";
import { map } from "../../ops/map.ts";
import { add, div, mul, slot, sqrt } from "../../scalar/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { wholeNumber } from "../cell.ts";

/** Units of one head. @throws "bad-argument" unless the heads divide the units */
export function headSize(name: string, size: number, heads: number): number {
  wholeNumber(`${name}: heads`, heads);
  if (size % heads !== 0)
    fail("bad-argument", {
      where: `${name}: heads`,
      given: `${heads} for ${size} units`,
      expected: `a number that divides ${size}: ${divisorsOf(size).join(", ")}`,
    });
  return size / heads;
}

const divisorsOf = (n: number): number[] =>
  Array.from({ length: n }, (_, i) => i + 1).filter((d) => n % d === 0);

/** [..., size] → [..., heads, size / heads]. */
export const inHeads = (x: Tensor, heads: number): Tensor =>
  x.reshape([...x.shape.slice(0, -1), heads, x.shape[x.rank - 1] / heads]);

/** [..., heads, n] → [..., heads · n]. */
export const joined = (x: Tensor): Tensor =>
  x.reshape([...x.shape.slice(0, -2), x.shape[x.rank - 2] * x.shape[x.rank - 1]]);

const product = mul(slot(0), slot(1));

/** What a matrix answers to a key, head by head: Mᵀ k. [heads, key, value], [heads, key]. */
export const recall = (M: Tensor, key: Tensor): Tensor =>
  map("hkv,hk->hv", product, [M, key], { name: "recall" });

/** k vᵀ, head by head: [heads, key], [heads, value] → [heads, key, value]. */
export const pair = (key: Tensor, value: Tensor): Tensor =>
  map("hk,hv->hkv", product, [key, value], { name: "pair" });

/** a·b over the last axis. */
export const inner = (a: Tensor, b: Tensor): Tensor => a.mul(b).sum(-1);

/** Numbers [...] beside what has `more` axes behind them. */
export const beside = (x: Tensor, more = 1): Tensor =>
  x.reshape([...x.shape, ...Array<number>(more).fill(1)]);

const LEAST_SQUARE = 1e-6;

/** x / √(Σ x² + 10⁻⁶) over the last axis: of length 1, and smooth where all is zero. */
export const unit = (x: Tensor): Tensor =>
  x.mul(inverseRoot(x.square().sum(-1, { keepDims: true }), LEAST_SQUARE));

/** 1 / √(x + least): the root is taken once for all that is divided by it. */
export const inverseRoot = (x: Tensor, least: number): Tensor =>
  elementwise("inverse root", (e) => div(1, sqrt(add(e, least))), [x]);

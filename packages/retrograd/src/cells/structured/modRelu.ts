/** modReLU: a rectifier of lengths. It keeps directions, so that what is rotated stays rotated. */
import { map } from "../../ops/map.ts";
import {
  abs,
  add,
  constant,
  div,
  mul,
  relu,
  sign,
  slot,
  sqrt,
  square,
} from "../../scalar/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/**
 * sign(z) · relu(|z| + b), with one bias for each unit; 0 at z = 0.
 * @param z  [n]
 * @param b  [n], below 0 for a dead zone around 0
 * Source: Helfrich et al. 2018, arXiv:1707.09520, eq. 7.
 */
export const modRelu = (z: Tensor, b: Tensor): Tensor =>
  map("i,i->i", mul(sign(slot(0)), relu(add(abs(slot(0)), slot(1)))), [z, b], { name: "modReLU" });

/** Added to |z|², so that the derivative exists at 0. */
const EPSILON = 1e-5;

/**
 * The same for complex numbers: z / |z| · relu(|z| + b), where |z|² = re² + im² + 1e-5.
 * @param z  [2, n]: real parts and imaginary parts
 * @param b  [n]
 * Source: Arjovsky et al. 2016, arXiv:1511.06464, eq. 8.
 */
export function complexModRelu(z: Tensor, b: Tensor): Tensor {
  const squares = map("ci->i", square(slot(0)), [z], { name: "square" });
  const length = sqrt(add(slot(0), constant(EPSILON)));
  const scale = map("i,i->i", div(relu(add(length, slot(1))), length), [squares, b], {
    name: "modReLU",
  });
  return map("ci,i->ci", mul(slot(0), slot(1)), [z, scale], { name: "modReLU" });
}

/** How a complex state becomes a real output, and the input's way past it. */
import type { Tensor } from "../../tensor/tensor.ts";
import type { Initial, Initialisers } from "../init.ts";
import type { Complex } from "./complex.ts";

/** Re(h C) for C [2, states, size], whose first entry is the real part. */
export const project = (h: Complex, C: Tensor): Tensor => h.re.dot(C.at(0)).sub(h.im.dot(C.at(1)));

/** D of y = … + x D: one number for each unit where input and output have one size. */
export const firstSkip = (input: number, size: number, init: Initialisers): Initial =>
  input === size ? init.normal([size]) : init.glorot([input, size]);

/** x D, for D [size] or [input, size]. */
export const skip = (x: Tensor, D: Tensor): Tensor => (D.rank === 1 ? x.mul(D) : x.dot(D));

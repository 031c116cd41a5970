/** Rules that several ops share. */
import { type Maybe, type Node, record } from "../tensor/tensor.ts";

/** The tangent of an op that is linear in its first argument and constant in the rest: the op. */
export const linearTangent = <A>(
  { op, args: [, ...rest], attrs }: Node<A>,
  [dx]: readonly Maybe[],
): Maybe[] => [dx && record(op, [dx, ...rest], attrs)[0]];

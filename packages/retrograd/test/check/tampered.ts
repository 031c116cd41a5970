/** Ops with a derivative rule that is wrong on purpose: what a certificate must find. */
import { type Node, type Op, Tensor } from "../../src/tensor/tensor.ts";

type Rules = Partial<Pick<Op, "evaluate" | "jvp" | "vjp">>;

/**
 * The same values from the same op, but for the rules that `change` gives in the place of its own;
 * under batching too.
 */
export function tampered(t: Tensor, change: (op: Op) => Rules): Tensor {
  const tamper = (node: Node): Node => {
    const { op } = node;
    const wrong: Op = {
      ...op,
      ...change(op),
      batch: (own, args, batched, size) =>
        op
          .batch({ ...own, op }, args, batched, size)
          .map((out) => new Tensor(tamper(out.node), out.output)),
    };
    return { ...node, op: wrong };
  };
  return new Tensor(tamper(t.node), t.output);
}

/** Cotangents multiplied by `by`. */
export const backwardTimes =
  (by: number) =>
  (op: Op): Rules => ({
    vjp: (node, cts) => op.vjp({ ...node, op }, cts).map((c) => c?.mul(by)),
  });
/** Tangents multiplied by `by`. */
export const forwardTimes =
  (by: number) =>
  (op: Op): Rules => ({
    jvp: (node, tangents) => op.jvp({ ...node, op }, tangents).map((d) => d?.mul(by)),
  });

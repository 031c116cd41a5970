/** What is held against what. A contest is a case; in it everybody takes turns with everybody. */
import type { TargetName } from "retrograd";
import { CELLS, SIZES } from "../cells.ts";

/** A way to run a peer. */
export interface Way {
  readonly peer: PeerName;
  readonly variant: string;
  readonly title: string;
  /** Why its loss is not compared. */
  readonly remark?: string;
}
export type PeerName = "pytorch" | "tfjs" | "jax" | "brain" | "ort-node" | "ort-web";

export interface Contest {
  readonly case: string;
  /** Each way of a peer with our targets that it is held against. */
  readonly against: readonly (readonly [Way, readonly TargetName[]])[];
  /** Held only when asked for by name. */
  readonly long?: boolean;
}

const torch = (variant: string, title: string): Way => ({
  peer: "pytorch",
  variant,
  title: `PyTorch, ${title}`,
});
const fusedLstm = torch("fused", "fused LSTM");
const loop = torch("loop", "loop, projection hoisted by hand");
const tfWasm: Way = { peer: "tfjs", variant: "wasm", title: "TF.js Wasm, as shipped" };
const tfCustom: Way = {
  peer: "tfjs",
  variant: "wasm-customGrad",
  title: "TF.js Wasm, product with a derivative of its own",
};
const tfCpu: Way = { peer: "tfjs", variant: "cpu", title: "TF.js CPU" };
const jax: Way = { peer: "jax", variant: "jit", title: "jax-js, unrolled by hand" };
const onnx = (kind: "node" | "web"): Way => ({
  peer: `ort-${kind}`,
  variant: kind,
  title: `onnxruntime-${kind}, LSTM operator`,
});
const brain: Way = {
  peer: "brain",
  variant: "LSTMTimeStep",
  title: "brain.js, LSTMTimeStep",
  remark: "its own: biases get wrong gradients",
};

export const contests: readonly Contest[] = [
  {
    case: "lstm-a",
    against: [
      [fusedLstm, ["native"]],
      [tfWasm, ["wasm"]],
      [tfCustom, ["wasm"]],
      [jax, ["wasm"]],
    ],
  },
  {
    case: "lstm-a-forward",
    against: [
      [onnx("node"), ["native"]],
      [fusedLstm, ["native"]],
    ],
  },
  { case: "gru-a", against: [[torch("fused", "fused GRU"), ["native"]]] },
  {
    case: "leaky-a",
    against: [
      [loop, ["native"]],
      [tfWasm, ["wasm"]],
      [tfCustom, ["wasm"]],
      [jax, ["wasm"]],
    ],
  },
  { case: "leaky-small", against: [[loop, ["native"]]] },
  {
    case: "gated-custom",
    against: [
      [loop, ["native"]],
      [torch("script", "the same loop as TorchScript"), ["native"]],
    ],
  },
  {
    case: "small",
    against: [
      [fusedLstm, ["native", "wasm"]],
      [tfWasm, ["wasm"]],
      [tfCpu, ["wasm"]],
      [jax, ["wasm"]],
      [brain, ["wasm"]],
    ],
  },
  {
    case: "stream",
    against: [
      [onnx("node"), ["native", "wasm"]],
      [onnx("web"), ["native", "wasm"]],
      [torch("cell", "LSTMCell"), ["native", "wasm"]],
      [tfWasm, ["native", "wasm"]],
      [tfCpu, ["wasm"]],
      [jax, ["native", "wasm"]],
    ],
  },
  ...Object.keys(SIZES).flatMap((size) =>
    Object.keys(CELLS).map(
      (cell): Contest => ({
        case: `cells/${cell}/${size}`,
        against: [[loop, ["native", "wasm"]]],
        long: true,
      }),
    ),
  ),
];

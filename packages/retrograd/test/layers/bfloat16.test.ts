/** Weights kept as bfloat16: a stream computes what it computes with weights that are rounded so. */
import { random, type Tensor, tensor } from "retrograd";
import { gru, lstm } from "retrograd/cells";
import { dense, sequential, unroll } from "retrograd/layers";
import { expect, test } from "vitest";
import { targetNamed } from "../../src/jit/target.ts";
import { mapTree } from "../../src/tensor/tree.ts";
import "retrograd/node";

const view = new DataView(new ArrayBuffer(4));
/** To nearest, ties to even, by counting: the two neighbours of 16 bits and what lies between. */
function rounded(x: number): number {
  view.setFloat32(0, x);
  const bits = view.getUint32(0);
  const below = bits - (bits % 65536),
    above = below + 65536,
    past = bits - below;
  const up = past > 32768 || (past === 32768 && (below / 65536) % 2 === 1);
  view.setUint32(0, up ? above : below);
  return view.getFloat32(0);
}
const roundedTree = <T>(params: T): T =>
  mapTree(params, (t: Tensor) => tensor(Float32Array.from(t.data, rounded), { shape: t.shape }));

const targets = (["wasm", "native"] as const).filter((name) => {
  try {
    return targetNamed(name);
  } catch (error) {
    console.log(`target ${name} is skipped: ${(error as Error).message}`);
    return false;
  }
});

// Columns of whole tiles, of a part of one, of an odd number of vectors, of a part of a vector.
const models = {
  "LSTM 24→64": sequential(unroll(lstm({ size: 64, input: 24 })), dense(40)),
  "GRU 7→20": sequential(unroll(gru({ size: 20, input: 7 })), dense(17)),
  "LSTM 3→16": sequential(unroll(lstm({ size: 16, input: 3 })), dense(35)),
};

test.each(
  targets.flatMap((target) =>
    Object.entries(models).map(([name, m]) => [target, name, m] as const),
  ),
)("on %s: %s", (target, _, model) => {
  const params = model.init(random.key(3));
  const input = params[0].Wx.shape[0];
  const short = model.stream(params, { target, weights: "bfloat16" });
  // Vectors of biases are added, not multiplied: they stay as they are.
  const [cell, head] = roundedTree(params) as any[];
  const like = [
    { ...params[0], Wx: cell.Wx, Wh: cell.Wh },
    { ...params[1], W: head.W },
  ];
  const whole = model.stream(like as typeof params, { target });
  for (let t = 0; t < 5; t++) {
    const x = random.normal(random.key(t), [input]);
    expect([...short.push(x).data]).toEqual([...whole.push(x).data]);
  }
  expect(short.explain()).toContain("as bfloat16");
  expect(short.state[0] ?? short.state).toBeDefined();
});

test("what is read back are the weights that were given", () => {
  const model = models["LSTM 24→64"];
  const params = model.init(random.key(3));
  const live = model.stream(params, { target: "wasm", weights: "bfloat16" });
  const first = [...live.push(random.normal(random.key(0), [24])).data];
  live.reset();
  expect([...live.push(random.normal(random.key(0), [24])).data]).toEqual(first);
});

test("weights of another kind, and a target that has none, are refused", () => {
  const model = models["LSTM 3→16"];
  const params = model.init(random.key(0));
  expect(() => model.stream(params, { weights: "float8" as never })).toThrow(
    /weights.*"float8" is not known[\s\S]*float32, bfloat16/,
  );
  expect(() => model.stream(params, { target: "reference", weights: "bfloat16" })).toThrow(
    /reference, which computes in float64/,
  );
});

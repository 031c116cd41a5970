/** An encoder–decoder: plain loops, derivatives, lengths, streams, sampling, training, refusals. */
import { grad, jit, random, type Tensor, tensor } from "retrograd";
import {
  type Attention,
  additiveAttention,
  bidirectional,
  dotAttention,
  gru,
  lstm,
  multiHeadAttention,
} from "retrograd/cells";
import {
  beam,
  constantTruth,
  dense,
  dropout,
  embedding,
  encoderDecoder,
  exponentialTruth,
  generate,
  greedy,
  inverseSigmoidTruth,
  lastStep,
  linearTruth,
  sequential,
  unroll,
} from "retrograd/layers";
import { adam, crossEntropy, evaluate, mse, train, truncated } from "retrograd/train";
import { describe, expect, test } from "vitest";
import { trace } from "../../../src/tensor/graph.ts";
import { flatten, mapTree, rebuild } from "../../../src/tensor/tree.ts";
import { expectDerivatives, numbers } from "../../derivatives.ts";

const [SOURCES, SYMBOLS, SIZE] = [4, 5, 3];
const key = random.key(7);
const symbols = (rows: number[][]): Tensor => tensor(rows, { dtype: "int32" });
const x = symbols([
  [1, 2, 3],
  [3, 0, 0],
]);
const lengths = [3, 1];
const targets = symbols([
  [4, 1, 2, 0],
  [1, 3, 0, 0],
]);

const encoder = sequential(embedding(SOURCES, 2), unroll(gru({ size: SIZE })));
const decoderWith = (attention?: Attention) => ({
  cell: gru({ size: SIZE }),
  embedding: embedding(SYMBOLS, 2),
  head: dense(SYMBOLS),
  attention,
});
/** Parameters in float64, moved away from the zeros at which biases begin. */
const paramsOf = (model: { init(key: Tensor, options?: object): any }, options = {}): any =>
  mapTree(model.init(key, { dtype: "float64", ...options }), (t: Tensor) =>
    t.add(tensor(numbers(5)(t.size), { shape: t.shape, dtype: "float64" })),
  );

type Rows = number[][];
const times = (row: number[], M: Rows) =>
  M[0].map((_, j) => row.reduce((sum, r, i) => sum + r * M[i][j], 0));
const plus = (...rows: number[][]) => rows[0].map((_, i) => rows.reduce((s, row) => s + row[i], 0));
const logistic = (z: number) => 1 / (1 + Math.exp(-z));
/** Gates r, z, n, of which n sees r ∘ (h Whn + bn). */
function gruStep(W: any, input: number[], h: number[]): number[] {
  const gate = (k: number) => W.Wx.map((row: Rows) => row[k]);
  const of = (k: number) => W.Wh.map((row: Rows) => row[k]);
  const at = (k: number) => plus(times(input, gate(k)), times(h, of(k)), W.b[k]).map(logistic);
  const [r, z] = [at(0), at(1)];
  const own = plus(times(h, of(2)), W.bh);
  const n = plus(
    times(input, gate(2)),
    W.b[2],
    own.map((a, i) => a * r[i]),
  ).map(Math.tanh);
  return n.map((a, i) => a + z[i] * (h[i] - a));
}

/** Scores of one row in plain numbers, with additive attention. */
function plain(W: any, source: number[], said: number[]): Rows {
  let h = Array<number>(SIZE).fill(0);
  const memory = source.map((s) => (h = gruStep(W.encoder[1], W.encoder[0].table[s], h)));
  const { bridge, attention, cell, head, embedding: symbolsOf } = W.decoder;
  const first = ({ W, b }: any) => plus(times(h, W), b).map(Math.tanh);
  let [state, seen] = [first(bridge.cell.h), first(bridge.seen)];
  return said.map((symbol) => {
    const own = times(seen, attention.Wq);
    const raised = memory.map((m) => {
      const met = plus(times(m, attention.Wm), own, attention.b).map(Math.tanh);
      return Math.exp(met.reduce((sum, z, i) => sum + z * attention.v[i], 0));
    });
    const total = raised.reduce((a, b) => a + b);
    const read = memory[0].map((_, i) =>
      memory.reduce((sum, m, u) => sum + (raised[u] / total) * m[i], 0),
    );
    state = gruStep(cell, [...symbolsOf.table[symbol], ...read], state);
    seen = state;
    return plus(times([...state, ...read], head.W), head.b);
  });
}

test("scores are the equations, for sources of different lengths", () => {
  const model = encoderDecoder(encoder, decoderWith(additiveAttention({ size: 2 })), {
    opening: 3,
  });
  const params = paramsOf(model);
  const W = mapTree(params, (t: Tensor) => t.toArray());
  const found = model.apply(params, x, { targets, lengths }).toArray() as number[][][];
  (x.toArray() as Rows).forEach((row, b) => {
    const told = [3, ...(targets.toArray() as Rows)[b].slice(0, -1)];
    const expected = plain(W, row.slice(0, lengths[b]), told);
    found[b].forEach((z, t) => z.forEach((y, i) => expect(y).toBeCloseTo(expected[t][i], 12)));
  });
});

const kinds: Readonly<Record<string, Attention | undefined>> = {
  "no attention": undefined,
  dot: dotAttention(),
  additive: additiveAttention({ size: 2 }),
  "multi-head": multiHeadAttention({ size: 4, heads: 2 }),
};
describe.each(Object.entries(kinds))("with %s", (_, attention) => {
  const model = encoderDecoder(encoder, decoderWith(attention));
  const params = paramsOf(model);

  test("derivatives agree three ways, and compiled code gives what the reference gives", () => {
    const leaves = flatten(params);
    const graph = trace(leaves, (...own) => [
      model.apply(rebuild(params, own), x, { targets, lengths }),
    ]);
    expectDerivatives(graph, { at: leaves.map((t) => Float64Array.from(t.data)) });
    const run = (p: any) => model.apply(p, x, { targets, lengths });
    const [a, b] = (["wasm", "reference"] as const).map((target) => jit(run, { target })(params));
    a.data.forEach((y: number, i: number) => expect(y).toBeCloseTo(b.data[i], 10));
  });

  test("a stream gives what the whole gives, and padding of a source changes nothing", () => {
    const whole = model.apply(params, x, { targets, lengths }).toArray() as number[][][];
    const live = model.stream(params, { target: "reference" });
    lengths.forEach((length, b) => {
      live.read(x.slice(b, [0, length]));
      [0, ...(targets.toArray() as Rows)[b].slice(0, -1)].forEach((symbol, t) => {
        live.push(symbol).data.forEach((y, i) => expect(y).toBeCloseTo(whole[b][t][i], 10));
        if (!attention) return;
        const total = live.weights.sum(-1);
        for (const share of total.data) expect(share).toBeCloseTo(1, 12);
      });
      live.reset();
      live.push(0).data.forEach((y, i) => expect(y).toBeCloseTo(whole[b][0][i], 10));
    });
  });
});

test("other encoders and decoders: both ways, two states, without a bridge", () => {
  const both = sequential(embedding(SOURCES, 2), unroll(bidirectional(lstm({ size: 2 }))));
  const decoder = { ...decoderWith(), cell: lstm({ size: SIZE }) };
  const outputs = [true, false].map((bridge) => {
    const model = encoderDecoder(both, { ...decoder, bridge });
    const params = model.init(key);
    expect(params.decoder.bridge?.cell.c.W.shape).toEqual(bridge ? [8, SIZE] : undefined);
    return [
      x,
      symbols([
        [0, 1, 2],
        [1, 1, 1],
      ]),
    ].map((source) => model.apply(params, source, { targets }).abs().sum().item());
  });
  expect(outputs[0][0]).not.toBe(outputs[0][1]);
  expect(outputs[1][0]).toBe(outputs[1][1]); // neither bridge nor attention: the source is not heard
});

test("scheduled sampling tells the truth as often as it is said to, and else what was said", () => {
  const told = (probability: number) =>
    encoderDecoder(encoder, decoderWith(), { sampling: constantTruth(probability) });
  const params = told(1).init(random.key(2));
  const long = symbols(Array.from({ length: 2 }, () => [1, 2, 3, 4, 0, 1, 2, 3]));
  const [always, never] = [told(1), told(0)];
  const forced = always.apply(params, x, { targets: long });
  const same = always.apply(params, x, { targets: long, key });
  forced.data.forEach((y, i) => expect(same.data[i]).toBeCloseTo(y, 6));
  const free = never.apply(params, x, { targets: long, key });
  // What it said, drawn again from its scores with the keys of each moment, and told to it.
  const said = Array.from({ length: 8 }, (_, t) =>
    random.categorical(random.fold(random.fold(key, 2), t), free.slice(null, t)).toArray(),
  ) as Rows;
  const own = symbols([0, 1].map((b) => said.map((row) => row[b])));
  const again = always.apply(params, x, { targets: own });
  free.data.forEach((y, i) => expect(again.data[i]).toBeCloseTo(y, 5));
  // A choice has no gradient: what is learned is learned as if it had been told so.
  const gradient = (model: typeof always, given: object) =>
    flatten(
      jit(
        grad((p: any) =>
          model
            .apply(p, x, { ...given } as never)
            .logSoftmax()
            .square()
            .sum(),
        ),
      )(params),
    );
  const asTold = gradient(always, { targets: own });
  gradient(never, { targets: long, key }).forEach((t, k) =>
    t.data.forEach((g, i) => {
      const expected = asTold[k].data[i];
      expect(Math.abs(g - expected)).toBeLessThan(1e-3 * (1 + Math.abs(expected)));
    }),
  );
  expect(never.apply(params, x, { targets: long, key: random.key(8) }).data).not.toEqual(free.data);
  expect(never.apply(params, x, { targets: long }).data).toEqual(forced.data); // not in training
  expect(() => never.apply(params, x, { targets: long, train: true })).toThrow(/key-missing/);
});

test("schedules fall as they are said to", () => {
  const at = (i: number) => tensor(i, { dtype: "int32" });
  const values = (schedule: { truth(step: Tensor): Tensor }, ...steps: number[]) =>
    steps.map((i) => schedule.truth(at(i)).item());
  const close = (found: number[], expected: number[]) =>
    found.forEach((p, i) => expect(p).toBeCloseTo(expected[i], 6));
  close(values(linearTruth(100, { floor: 0.2 }), 0, 50, 100, 900), [1, 0.6, 0.2, 0.2]);
  close(values(exponentialTruth(0.99), 0, 10, 100), [1, 0.99 ** 10, 0.99 ** 100]);
  const k = 20;
  close(
    values(inverseSigmoidTruth(k), 0, 60, 5000),
    [0, 60, 5000].map((i) => k / (k + Math.exp(i / k))),
  );
  for (const wrong of [() => linearTruth(0), () => exponentialTruth(1), () => constantTruth(2)])
    expect(wrong).toThrow(/bad-argument/);
});

test("it learns through train, with lengths that are those of the sources alone", async () => {
  const model = encoderDecoder(encoder, decoderWith(additiveAttention({ size: 4 })), {
    sampling: linearTruth(60, { floor: 0.5 }),
  });
  const loss = crossEntropy({ ignore: -1 });
  // Three moments on either side: lengths of sources must not hide targets.
  const part = {
    inputs: x,
    lengths: [3, 1],
    targets: symbols([
      [3, 1, -1],
      [2, 4, 1],
    ]),
  };
  const data = { batches: () => [part] };
  const run = train({ model, data, loss, optimizer: adam(3e-2), epochs: 120, seed: 1 });
  let first: number | undefined;
  let last = 0;
  for await (const event of run)
    if (event.type === "epoch") {
      first ??= event.loss;
      last = event.loss;
    }
  expect(first).toBeGreaterThan(1);
  expect(last).toBeLessThan(0.3);
  const { loss: told } = await evaluate({ model, params: run.params, data: [part], loss });
  const scores = model.apply(run.params, x, { targets: part.targets, lengths });
  expect(told).toBeCloseTo(loss.evaluate(scores, part.targets).item(), 5);
  expect(told).toBeLessThan(0.2);
  for (const sampling of [greedy(), beam(3)]) {
    const source = x.slice(1, [0, 1]);
    expect(generate(model, run.params, { source, length: 3, sampling })).toEqual([2, 4, 1]);
  }
  const parts = train({
    model,
    data,
    loss,
    optimizer: adam(),
    epochs: 1,
    method: truncated({ window: 2 }),
  });
  await expect(async () => {
    for await (const _ of parts);
  }).rejects.toThrow(/takes them whole: bptt\(\)/);
});

test("numbers are said without an embedding, and told back", async () => {
  const rows = 8;
  const wave = (from: number, time: number) =>
    tensor(
      Array.from({ length: rows }, (_, b) =>
        Array.from({ length: time }, (_, t) => [Math.sin(0.4 * (from + t) + b)]),
      ),
    );
  const model = encoderDecoder(
    unroll(gru({ size: 8, input: 1 })),
    { cell: gru({ size: 8 }), head: dense(1) },
    { sampling: linearTruth(100) },
  );
  const data = { batches: () => [{ inputs: wave(0, 6), targets: wave(6, 4) }] };
  const run = train({ model, data, loss: mse(), optimizer: adam(2e-2), epochs: 200 });
  for await (const _ of run);
  const live = model.stream(run.params, { source: wave(0, 6).slice(0), target: "reference" });
  let said = tensor([0]);
  const expected = wave(6, 4).slice(0).data;
  for (let t = 0; t < 4; t++) {
    said = live.push(said);
    expect(Math.abs(said.item() - expected[t])).toBeLessThan(0.15);
  }
});

test("mistakes are told with their cure", () => {
  const model = encoderDecoder(encoder, decoderWith());
  const params = model.init(key);
  const message = (f: () => unknown): string => {
    try {
      f();
    } catch (error) {
      return (error as Error).message;
    }
    return "accepted";
  };
  expect(
    [
      () => model.apply(params, x, {}),
      () => model.apply(params, x, { targets: targets.cast("float32") }),
      () => model.stream(params).push(1),
      () => model.stream(params, { source: x.slice(0) }).weights,
      () => encoderDecoder(encoder, { ...decoderWith(), cell: encoder as never }),
      () => encoderDecoder(encoder, { ...decoderWith(), head: sequential(dropout(0.5)) }),
      () => encoderDecoder(sequential(encoder, lastStep()), decoderWith()).init(key),
      () => encoderDecoder(encoder, decoderWith(multiHeadAttention({ size: 3, heads: 2 }))),
    ]
      .map(message)
      .join("\n"),
  ).toMatchInlineSnapshot(`
    "encoderDecoder(sequential(embedding(4, 2), unroll(gru)), gru): given no targets; expected targets int32 [2, time], or generate(…) for what it says by itself.
      Give targets int32 [2, time], or generate(…) for what it says by itself.   (bad-argument)
    encoderDecoder(sequential(embedding(4, 2), unroll(gru)), gru): given targets float32 [2, 4]; expected targets int32 [2, time].
      Give targets int32 [2, time].   (bad-argument)
    live.push: given no source; expected a source: generate(model, params, { source, … }), or live.read(source).
      Give a source: generate(model, params, { source, … }), or live.read(source).   (bad-argument)
    live.weights: given a decoder without attention; expected a decoder with attention, after live.push(symbol).
      Give a decoder with attention, after live.push(symbol).   (bad-argument)
    decoder: cell: given sequential(embedding(4, 2), unroll(gru)); expected a cell, such as gru({ size: 32 }).
      Give a cell, such as gru({ size: 32 }).   (bad-argument)
    decoder: head: given sequential(dropout(0.5)), which draws random numbers; expected one that draws none.
      Give one that draws none.   (bad-argument)
    encoderDecoder runs over time, but what comes in has no time axis: [batch, 3].
      Give x the shape [batch, time, …]; keep heads such as lastStep() for the end.   (no-time)
    multiHeadAttention: heads: given 2 heads for size 3; expected a number of heads that divides the size.
      Give a number of heads that divides the size.   (bad-argument)"
  `);
});

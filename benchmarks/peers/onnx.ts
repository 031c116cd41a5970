/** onnxruntime's LSTM operator, as a contender: onnx.ts CASE node|web */
import { outputFields } from "../outputs.ts";
import { type Contender, serve } from "./contender.ts";
import { requireFrom, versionOf } from "./installed.ts";
import { readNumbers } from "./numbers.ts";
import { lstmModel } from "./onnxModel.ts";

const [name, variant] = process.argv.slice(2);
const require = requireFrom(`ort-${variant}`);
const ort = require(`onnxruntime-${variant}`);
const version = versionOf(`ort-${variant}`, `onnxruntime-${variant}`);
const numbers = readNumbers(name);
const [time, batch, input] = numbers.x.shape;
const size = numbers.Wh.shape[0];

async function open(hasHead: boolean) {
  if (variant === "web") ort.env.wasm.numThreads = 1;
  const threads = { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: "sequential" };
  return ort.InferenceSession.create(
    lstmModel(numbers, hasHead),
    variant === "web" ? { executionProviders: ["wasm"] } : threads,
  );
}
const tensor = (data: ArrayLike<number>, dims: number[]) => new ort.Tensor("float32", data, dims);
const zeros = (rows: number) => tensor(new Float32Array(rows * size), [1, rows, size]);

async function forward(): Promise<Contender> {
  const start = performance.now();
  const session = await open(true);
  const feeds = {
    X: tensor(numbers.x.data, [time, batch, input]),
    h: zeros(batch),
    c: zeros(batch),
  };
  const step = async () => (await session.run(feeds, ["logits"])).logits.data;
  const check = outputFields(await step());
  return {
    version,
    startMs: performance.now() - start,
    check,
    run: async () => void (await step()),
  };
}

async function stream(): Promise<Contender> {
  const start = performance.now();
  const session = await open(false);
  const moments = Array.from({ length: 256 }, (_, t) =>
    (numbers.x.data as Float32Array).slice(t * input, (t + 1) * input),
  );
  let [h, c] = [zeros(1), zeros(1)];
  let t = 0;
  const run = async () => {
    const X = tensor(moments[t++ % moments.length], [1, 1, input]);
    const { Yh, Yc } = await session.run({ X, h, c }, ["Yh", "Yc"]);
    [h, c] = [Yh, Yc];
  };
  await run();
  const startMs = performance.now() - start;
  while (t < 8) await run();
  return { version, startMs, check: outputFields(h.data), run };
}

await serve(name === "stream" ? stream : forward);

/** The first NaN or infinity is named, changes nothing, and costs no checkpoint. */
import { describe, expect, test } from "vitest";
import { RetrogradError } from "../../src/errors.ts";
import { tensor } from "../../src/tensor/tensor.ts";
import {
  type Batch,
  type DataSource,
  memoryStore,
  mse,
  sgd,
  type TrainEvent,
  type TrainOptions,
  train,
  truncated,
} from "../../src/train/index.ts";
import { smallRnn } from "./models.ts";
import { echo } from "./tasks.ts";

const model = smallRnn({ input: 1, size: 3, output: 1 });
const options = (more: Partial<TrainOptions>): TrainOptions => ({
  model,
  data: echo({ rows: 4, time: 6, batches: 3 }),
  loss: mse(),
  optimizer: sgd(0.1),
  epochs: 1,
  target: "reference",
  ...more,
});

/** The error of a run, and the events before it. */
async function failing(given: TrainOptions) {
  const events: TrainEvent[] = [];
  const run = train(given);
  try {
    for await (const event of run) events.push(event);
  } catch (error) {
    return { error: error as RetrogradError, events, run };
  }
  throw new Error("the run did not fail");
}

/** The echo task with one number of batch 1 replaced. */
function spoilt(part: "inputs" | "targets", place: number, value: number): DataSource {
  return {
    *batches(epoch) {
      let index = 0;
      for (const batch of echo({ rows: 4, time: 6, batches: 3 }).batches(
        epoch,
      ) as Iterable<Batch>) {
        if (index++ === 1) (batch[part] as any).data[place] = value;
        yield batch;
      }
    },
  };
}

describe("what is named", () => {
  test("a missing number in the data: its row and time step", async () => {
    const { error, events } = await failing(
      options({ data: spoilt("inputs", 2 * 6 + 4, Number.NaN) }),
    );
    expect(error).toBeInstanceOf(RetrogradError);
    expect(error.code).toBe("data-not-finite");
    expect(error.data).toMatchObject({ step: 4, batch: 1 });
    expect(error.message).toMatchSnapshot();
    expect(events).toHaveLength(1);
  });
  test("a missing target that no mask leaves out", async () => {
    const data = [{ inputs: [[[1], [2]]], targets: [[[1], [Number.NaN]]] }];
    const { error } = await failing(options({ data }));
    expect(error.message).toMatchSnapshot();
  });
  test("a missing target of a short batch, which is filled up and masked", async () => {
    const row = [[1], [2]];
    const short = { inputs: [row], targets: [[[Number.NaN], [0]]] };
    const data = [{ inputs: [row, row], targets: [row, row] }, short];
    const { error } = await failing(options({ data }));
    expect(error.data).toMatchObject({ what: "The target", step: 0, op: "row 0 of the batch" });
  });
  test.each([
    [
      "beyond the length",
      { inputs: [[[1], [Number.NaN]]], lengths: [1], targets: [[[1e30], [0]]] },
    ],
    ["masked", { inputs: [[[1], [1]]], targets: [[[1e30], [Number.NaN]]], mask: [[1, 0]] }],
  ])("what does not count is not blamed: %s", async (_, batch) => {
    const { error } = await failing(options({ data: [batch] }));
    expect(error.code).toBe("not-finite");
    expect(error.data.what).toMatch(/^The loss/);
  });
  test("a forward value that overflows: op, time step, parameter", async () => {
    // The state doubles its exponent: h³ overflows float32 at a step that can be counted.
    const params = {
      ...model.init(),
      V: tensor(new Float32Array(3).fill(3e38), { shape: [3, 1] }),
    };
    const { error } = await failing(options({ params }));
    expect(error.data).toMatchObject({ parameter: expect.any(String) });
    expect(error.message).toMatchSnapshot();
  });
  test("a target that is too far: the square overflows", async () => {
    const { error } = await failing(options({ data: spoilt("targets", 5, 1e30) }));
    expect(error.message).toMatchSnapshot();
  });
  test("a parameter that is not a number from the start", async () => {
    const params = { ...model.init(), b: tensor([0, Number.NaN, 0]) };
    const { error } = await failing(options({ params }));
    expect(error.message).toMatchSnapshot();
  });
});

test("a loop that explodes is named with its time step", async () => {
  // h' = tanh(…) cannot explode, but its backward loop can: the matrix is far too large.
  const learner = smallRnn({ input: 1, size: 3, output: 1 });
  const params = {
    ...learner.init(),
    W: tensor(new Float32Array(9).fill(1e20), { shape: [3, 3] }),
    U: tensor(new Float32Array(3).fill(0), { shape: [1, 3] }),
    b: tensor(new Float32Array(3).fill(0)),
  };
  const { error } = await failing(options({ params }));
  expect(error.data.step).toBeTypeOf("number");
  expect(error.message).toMatchSnapshot();
});

test("in a large batch the row that went wrong is looked at alone", async () => {
  const [rows, time, size] = [64, 40, 48];
  const inputs = new Float32Array(rows * time);
  inputs[5 * time + 7] = 1; // the one input that is not 0 gives the one state that is not 0
  const wide = smallRnn({ input: 1, size, output: 1 });
  const filled = (value: number, ...shape: number[]) =>
    tensor(new Float32Array(shape.reduce((a, b) => a * b)).fill(value), { shape });
  const params = {
    ...wide.init(),
    U: filled(4, 1, size),
    W: filled(0, size, size),
    b: filled(0, size),
    V: filled(3e38, size, 1),
  };
  const data = {
    batches: () => [
      {
        inputs: { data: inputs, shape: [rows, time, 1] },
        targets: { data: new Float32Array(rows * time), shape: [rows, time, 1] },
      },
    ],
  };
  const target = "auto" as const;
  const { error } = await failing(options({ model: wide, data, params, target }));
  expect(error.data).toMatchObject({ step: 7 });
}, 20_000);

test("nothing is lost: the parameters and the last checkpoint are those before it", async () => {
  const store = memoryStore();
  const checkpoint = { store, every: 1 };
  const data = spoilt("inputs", 0, Infinity);
  const { run, error } = await failing(options({ data, checkpoint }));
  expect(error.code).toBe("data-not-finite");
  expect(run.position.step).toBe(1);
  const again = await train.resume(store, options({}));
  expect(again.position.step).toBe(1);
  expect(Array.from(again.params.W.data)).toEqual(Array.from(run.params.W.data));
});

test("the time step is counted from the start of the sequence, also in windows", async () => {
  const data = spoilt("inputs", 6 + 4, Number.NaN);
  const { error } = await failing(options({ data, method: truncated({ window: 2 }) }));
  expect(error.data).toMatchObject({ step: 4, batch: 1, window: 2 });
});

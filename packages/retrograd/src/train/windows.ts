/** Windows: a batch of long sequences as several batches of shorter ones, in the order of time. */
import { fail } from "../errors/training.ts";
import { concrete, showShape, type Tensor } from "../tensor/tensor.ts";
import { type Fed, resized } from "./batch.ts";

/**
 * Cut sequences into windows of `window` time steps. Only the first window of a batch can begin a
 * sequence: all rows do, unless `start` says which. Where the length is no multiple, the last one
 * is padded and `lengths` holds the state at the last valid step.
 * @throws "window-targets" when there is no target at every step
 */
export function* windows(fed: Fed, window: number): Iterable<Fed> {
  const [rows, time] = fed.inputs.shape;
  const start = fed.start ?? flags(rows, true);
  if (time <= window) {
    yield { ...fed, start };
    return;
  }
  if (fed.targets.shape[1] !== time)
    fail("window-targets", { window, time, targets: showShape(fed.targets.shape) });
  const ragged = time % window !== 0;
  for (let at = 0; at < time; at += window) {
    const lengths = fed.lengths || ragged ? remaining(fed, at, window) : undefined;
    const mask = windowMask(fed, at, window, ragged);
    yield {
      inputs: resized(fed.inputs, 1, at, window),
      targets: resized(fed.targets, 1, at, window),
      ...(mask ? { mask } : {}),
      ...(lengths ? { lengths } : {}),
      start: at === 0 ? start : flags(rows, false),
    };
  }
}

const flags = (rows: number, value: boolean): Tensor =>
  concrete(new Uint8Array(rows).fill(value ? 1 : 0), { shape: [rows], dtype: "bool" }, "start");

/** Valid steps within the window that begins at `at`. */
function remaining(fed: Fed, at: number, window: number): Tensor {
  const [rows, time] = fed.inputs.shape;
  const left = (row: number) => (fed.lengths ? fed.lengths.data[row] : time) - at;
  const data = Int32Array.from({ length: rows }, (_, row) =>
    Math.max(0, Math.min(window, left(row))),
  );
  return concrete(data, { shape: [rows], dtype: "int32" }, "lengths");
}

/** The mask of a window, over time where anything beyond the end must weigh nothing. */
function windowMask({ mask, inputs }: Fed, at: number, window: number, ragged: boolean) {
  if (mask && mask.rank > 1) return resized(mask, 1, at, window);
  if (!ragged) return mask;
  const [rows, time] = inputs.shape;
  const data = new Float32Array(rows * window);
  for (let row = 0; row < rows; row++)
    data.fill(mask ? mask.data[row] : 1, row * window, row * window + Math.min(window, time - at));
  return concrete(data, { shape: [rows, window], dtype: "float32" }, "mask");
}

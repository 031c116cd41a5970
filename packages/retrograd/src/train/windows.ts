/** Windows: a batch of long sequences as several batches of shorter ones, in the order of time. */
import { fail } from "../errors/methods.ts";
import { concrete, showShape, type Tensor } from "../tensor/tensor.ts";
import { type Fed, resized } from "./batch.ts";

export interface WindowOptions {
  /** Time steps from one window to the next, at most those of a window; as many unless told. */
  readonly stride?: number;
  /** Steps of the first window, where borders are to lie elsewhere; 0 is a whole one. */
  readonly offset?: number;
}

/** A window of a longer sequence: where it begins, and from where on its steps are new. */
interface Window {
  readonly at: number;
  /** Steps of it. */
  readonly size: number;
  /** Its first steps that the one before had too; they count no second time. */
  readonly known: number;
}

/**
 * Where the windows of a sequence lie. The first one is whole (or `offset` steps long); after it
 * each brings `stride` new steps, behind as many known ones as fit.
 */
export function windowsOf(
  time: number,
  window: number,
  { stride = window, offset = 0 }: WindowOptions = {},
): Window[] {
  if (time <= window) return [{ at: 0, size: time, known: 0 }];
  const found: Window[] = [{ at: 0, size: offset || window, known: 0 }];
  for (let end = found[0].size; end < time; end += stride) {
    const at = Math.max(0, end + stride - window);
    found.push({ at, size: Math.min(window, time - at), known: end - at });
  }
  return found;
}

/**
 * Cut sequences into windows of `window` time steps. Only the first window of a batch can begin a
 * sequence: all rows do, unless `start` says which. A shorter window is padded, and `lengths` holds
 * the state at its last valid step.
 * @throws "window-targets" when there is no target at every step
 */
export function* windows(fed: Fed, window: number, options?: WindowOptions): Iterable<Fed> {
  const [rows, time] = fed.inputs.shape;
  const start = fed.start ?? flags(rows, true);
  if (time <= window) {
    yield { ...fed, start };
    return;
  }
  if (fed.targets.shape[1] !== time)
    fail("window-targets", { window, time, targets: showShape(fed.targets.shape) });
  const all = windowsOf(time, window, options);
  const ragged = all.some(({ size }) => size < window);
  const overlap = all.some(({ known }) => known > 0);
  for (const [k, own] of all.entries()) {
    const { at, size } = own;
    const lengths = fed.lengths || ragged ? remaining(fed, own) : undefined;
    const mask = windowMask(fed, own, window, ragged || overlap);
    const cut = (t: Tensor) => resized(resized(t, 1, at, size), 1, 0, window);
    const next = all[k + 1]?.at ?? at + size;
    yield {
      inputs: cut(fed.inputs),
      targets: cut(fed.targets),
      ...(mask ? { mask } : {}),
      ...(lengths ? { lengths } : {}),
      ...(overlap ? { advance: steps(rows, () => next - at) } : {}),
      start: at === 0 ? start : flags(rows, false),
    };
  }
}

const flags = (rows: number, value: boolean): Tensor =>
  concrete(new Uint8Array(rows).fill(value ? 1 : 0), { shape: [rows], dtype: "bool" }, "start");

const steps = (rows: number, of: (row: number) => number): Tensor =>
  concrete(
    Int32Array.from({ length: rows }, (_, row) => of(row)),
    {
      shape: [rows],
      dtype: "int32",
    },
  );

/** Valid steps within a window. */
function remaining(fed: Fed, { at, size }: Window): Tensor {
  const [rows, time] = fed.inputs.shape;
  const left = (row: number) => (fed.lengths ? fed.lengths.data[row] : time) - at;
  return steps(rows, (row) => Math.max(0, Math.min(size, left(row))));
}

/** The mask of a window, over time where steps beyond its end, or known ones, weigh nothing. */
function windowMask({ mask, inputs }: Fed, own: Window, window: number, partial: boolean) {
  const { at, size, known } = own;
  if (mask && mask.rank > 1) {
    return resized(resized(mask, 1, at + known, size - known), 1, -known, window);
  }
  if (!partial) return mask;
  const [rows] = inputs.shape;
  const data = new Float32Array(rows * window);
  for (let row = 0; row < rows; row++)
    data.fill(mask ? mask.data[row] : 1, row * window + known, row * window + size);
  return concrete(data, { shape: [rows, window], dtype: "float32" }, "mask");
}

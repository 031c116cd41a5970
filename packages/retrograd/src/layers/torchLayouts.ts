/**
 * Matrices and gates between our layout and PyTorch's. These are copies of numbers, never traced.
 */
import { fail } from "../errors/layers.ts";
import { allocate } from "../scalar/dtype.ts";
import { concrete, type Shape, showType, type Tensor } from "../tensor/tensor.ts";

/** A tensor whose number at each place comes from a place of another. */
function moved(t: Tensor, shape: Shape, from: (at: number) => number): Tensor {
  if (!t.isConcrete) fail("not-concrete", { what: "A file of weights" });
  const data = allocate(t.dtype, t.size);
  for (let i = 0; i < data.length; i++) data[i] = t.data[from(i)];
  return concrete(data, { shape, dtype: t.dtype });
}

/** [a, b] → [b, a] */
export function transposed(t: Tensor): Tensor {
  const [a, b] = matrix(t);
  return moved(t, [b, a], (i) => (i % a) * b + Math.floor(i / a));
}

function matrix(t: Tensor): readonly [number, number] {
  if (t.rank !== 2)
    fail("shape-mismatch", { op: "weights", given: showType(t), expected: "a matrix" });
  return [t.shape[0], t.shape[1]];
}

/** Ours [in, gates, size] → PyTorch's [gates · size, in]. */
export function toRows(t: Tensor): Tensor {
  const columns = t.shape[0];
  const rows = t.size / columns;
  return moved(t, [rows, columns], (i) => (i % columns) * rows + Math.floor(i / columns));
}

/** PyTorch's [gates · size, in] → ours [in, gates, size], or [in, size] without a gate axis. */
export function fromRows(t: Tensor, gates: number): Tensor {
  const [rows, columns] = matrix(t);
  checkGates(t, rows, gates);
  const shape = gates === 1 ? [columns, rows] : [columns, gates, rows / gates];
  return moved(t, shape, (i) => (i % rows) * columns + Math.floor(i / rows));
}

/** A bias [gates · size] ↔ [gates, size]. */
export const biasRows = (t: Tensor): Tensor => moved(t, [t.size], (i) => i);
export function biasGates(t: Tensor, gates: number): Tensor {
  checkGates(t, t.size, gates);
  return moved(t, gates === 1 ? [t.size] : [gates, t.size / gates], (i) => i);
}

function checkGates(t: Tensor, rows: number, gates: number): void {
  if (rows % gates !== 0)
    fail("shape-mismatch", {
      op: "weights",
      given: showType(t),
      expected: `${gates} gates of equal size`,
    });
}

/** a + b, number by number. */
export function sum(a: Tensor, b: Tensor): Tensor {
  if (a.size !== b.size)
    fail("shape-mismatch", { op: "weights", given: showType(b), expected: showType(a) });
  const data = allocate(a.dtype, a.size);
  for (let i = 0; i < data.length; i++) data[i] = a.data[i] + b.data[i];
  return concrete(data, { shape: a.shape, dtype: a.dtype });
}

/** t with the entries of one gate, of the last axis but one, negated. */
export function negated(t: Tensor, gate: number): Tensor {
  const size = t.shape[t.rank - 1];
  const gates = t.shape[t.rank - 2];
  const data = allocate(t.dtype, t.size);
  for (let i = 0; i < data.length; i++) {
    const isGate = Math.floor(i / size) % gates === gate;
    data[i] = isGate ? -t.data[i] : t.data[i];
  }
  return concrete(data, { shape: t.shape, dtype: t.dtype });
}

/** `rows` [size] of a bias in a longer one: gate `gate` of [gates, size], or zeros elsewhere. */
export function onlyGate(t: Tensor, gates: number, gate: number): Tensor {
  const size = t.size;
  const data = allocate(t.dtype, gates * size);
  for (let i = 0; i < size; i++) data[gate * size + i] = t.data[i];
  return concrete(data, { shape: [gates, size], dtype: t.dtype });
}

/** Gate `gate` of [gates, size] alone. */
export function gateOf(t: Tensor, gate: number): Tensor {
  const size = t.shape[1];
  const data = t.data.slice(gate * size, (gate + 1) * size);
  return concrete(data, { shape: [size], dtype: t.dtype });
}

/** t with gate `gate` set to zero. */
export function withoutGate(t: Tensor, gate: number): Tensor {
  const size = t.shape[1];
  const data = t.data.slice();
  data.fill(0, gate * size, (gate + 1) * size);
  return concrete(data, { shape: t.shape, dtype: t.dtype });
}

/** Zeros like a bias. */
export const zerosOf = (t: Tensor): Tensor =>
  concrete(allocate(t.dtype, t.size), { shape: t.shape, dtype: t.dtype });

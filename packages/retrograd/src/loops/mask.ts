/**
 * Sequences of different lengths in one batch. A mask says which steps are valid: elsewhere the
 * state is held, the output is zero, and so is the input: a derivative would carry the NaN of
 * padding through a product with zero. Run in reverse the padding comes first, so that the state
 * is still the initial one when the last valid step is met: what packed sequences mean elsewhere.
 */
import { fail } from "../errors.ts";
import { lettersOfRank } from "../ops/axes.ts";
import { map, recordEach } from "../ops/map.ts";
import { index, less, select, slot } from "../scalar/index.ts";
import { sameShape, showType, Tensor } from "../tensor/tensor.ts";

interface Validity {
  readonly lengths?: Tensor;
  readonly mask?: Tensor;
}

/** One of the two at most, and a tensor. @throws "bad-argument" */
export function checkValidity({ lengths, mask }: Validity): void {
  if (mask && lengths)
    fail("bad-argument", { where: "scan", given: "lengths and mask", expected: "one of the two" });
  mustBeTensor("lengths", lengths, 'an int32 tensor: tensor([2, 3], { dtype: "int32" })');
  mustBeTensor("mask", mask, "a bool tensor: tensor([[true], [false]])");
}

function mustBeTensor(name: string, given: unknown, expected: string): void {
  if (!given || given instanceof Tensor) return;
  const kind = Array.isArray(given) ? "an array" : String(given);
  fail("bad-argument", { where: "scan", given: `${kind} as ${name}`, expected });
}

/**
 * The mask [time, …] that the options ask for, if any.
 * @throws "shape-mismatch", "dtype-mismatch", "index-range"
 */
export function maskOf({ lengths, mask }: Validity, time: number): Tensor | undefined {
  if (mask && mask.dtype !== "bool")
    fail("dtype-mismatch", {
      op: "scan",
      given: `mask ${showType(mask)}`,
      expected: "a bool mask",
    });
  return lengths ? maskOfLengths(lengths, time) : mask;
}

/**
 * Valid steps from lengths: mask[t, b] = t < lengths[b].
 * @param lengths  int32 [batch], each from 0 to `time`
 * @returns        bool [time, batch]
 * @throws "dtype-mismatch", "index-range"
 */
export function maskOfLengths(lengths: Tensor, time: number): Tensor {
  if (lengths.dtype !== "int32")
    fail("dtype-mismatch", {
      op: "scan",
      given: `lengths ${showType(lengths)}`,
      expected: "int32 lengths",
    });
  const bad = lengths.isConcrete ? lengths.data.findIndex((n) => n < 0 || n > time) : -1;
  if (bad >= 0)
    fail("index-range", {
      op: "scan",
      given: `length ${lengths.data[bad]} of sequence ${bad}`,
      expected: `0 to ${time} steps`,
    });
  const batch = lettersOfRank(lengths.rank);
  const valid = less(index("Z"), slot(0));
  return map(`${batch}->Z${batch}`, valid, [lengths], { sizes: { Z: time }, name: "mask" });
}

/** True when the mask speaks of the leading axes of `t`. */
export const follows = (t: Tensor, valid: Tensor): boolean =>
  sameShape(t.shape.slice(0, valid.rank), valid.shape);

/** where(valid, next, before or 0): what is not chosen cannot reach the result, NaN included. */
export function held(valid: Tensor, next: Tensor, before?: Tensor): Tensor {
  if (!follows(next, valid))
    fail("shape-mismatch", {
      op: "scan with a mask",
      given: before
        ? `state "${before.name}" ${showType(before)}`
        : `output ${showType(next)} of the step`,
      expected: `the leading axes of the mask, [${valid.shape.join(", ")}]`,
    });
  return before
    ? recordEach("hold", select(slot(0), slot(1), slot(2)), valid, next, before)
    : recordEach("mask", select(slot(0), slot(1), 0), valid, next);
}

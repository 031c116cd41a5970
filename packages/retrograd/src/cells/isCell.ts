/** Whether something is a cell, for whatever is made of cells. */
import { fail } from "../errors/layers.ts";
import { shown } from "../errors.ts";
import type { Cell } from "./cell.ts";

export const isCell = (x: unknown): x is Cell =>
  typeof x === "object" && x !== null && typeof (x as Cell).step === "function";

/** @throws "bad-argument" unless `x` is a cell */
export function checkCell(
  where: string,
  x: unknown,
  expected = "a cell, such as lstm({ size: 32 })",
): void {
  if (!isCell(x)) fail("bad-argument", { where, given: described(x), expected });
}

function described(x: unknown): string {
  if (Array.isArray(x)) return "an array"; // of cells, perhaps, whose fields say nothing
  const name: unknown = (x as { name?: unknown } | null | undefined)?.name;
  return typeof name === "string" && typeof x === "object" ? name : shown(x);
}

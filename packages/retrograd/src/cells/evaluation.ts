/** A cell told how to go through whole sequences. */
import { fail } from "../errors/layers.ts";
import { oneOf } from "../errors.ts";
import { type Cell, type Evaluation, isRounds } from "./cell.ts";

/**
 * The cell, by that form where whole sequences are run; a stack goes by rounds cell by cell.
 * @throws "bad-argument" where it has no such form
 */
export function evaluatedBy(evaluation: Evaluation, cell: Cell): Cell {
  oneOf("unroll: evaluation", evaluation, ["sequential", "parallel", "deer", "quasi-deer"]);
  if (evaluation === "parallel" && !cell.parallel)
    fail("bad-argument", {
      where: "unroll: evaluation",
      given: `"parallel" for the cell ${cell.name}, which has no such form,`,
      expected: 'a cell that has one, "deer" or "sequential"',
    });
  if (isRounds(evaluation) && cell.mapCells)
    return cell.mapCells((one) => evaluatedBy(evaluation, one));
  return { ...cell, prefers: evaluation };
}

/** No rule accuses a cell that the library has, whichever it has by now. */

import * as cells from "retrograd/cells";
import { type Cell, isCell, typesOfCell } from "retrograd/cells";
import { expect, test } from "vitest";
import { lint } from "../../src/check/index.ts";

/** Every cell that there is, with no other options than its sizes. */
const known = Object.entries(cells).flatMap(([name, make]): [string, Cell][] => {
  try {
    const own = (make as (options: object) => unknown)({ size: 4, input: 4 });
    if (!isCell(own)) return [];
    typesOfCell(own as Cell, { shape: [4], dtype: "float64" }, "float64");
    return [[name, own as Cell]];
  } catch {
    return []; // no cell, one of other cells, or one that must be told more
  }
});
test.each(known)("no fault in the cell %s", (_, own) => {
  const { findings } = lint(own, { steps: 5 });
  expect(findings.filter(({ severity }) => severity === "fault")).toEqual([]);
});
test("these are the cells", () => {
  const names = known.map(([name]) => name);
  expect(names).toEqual(expect.arrayContaining(["rnn", "gru", "lstm"]));
});

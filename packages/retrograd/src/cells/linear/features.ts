/** Cells that treat every feature for itself have as many units as their input has features. */
import { fail } from "../../errors/layers.ts";
import type { CellFactory, CellOptions } from "../cell.ts";

/**
 * The same factory for cells whose `size` is that of their input as well.
 * @throws "input-mismatch" from that function, where the option `input` is another
 */
export const featurewise =
  <O extends object, P, S>(name: string, factory: CellFactory<O, P, S>): CellFactory<O, P, S> =>
  (options: CellOptions & Partial<O>) => {
    const { size, input = size } = options;
    if (input !== size)
      fail("input-mismatch", { what: `cell "${name}"`, made: size, given: `[${input}]` });
    return factory({ ...options, input });
  };

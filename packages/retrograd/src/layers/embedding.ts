/** A row of numbers for every symbol. */

import { wholeNumber } from "../cells/cell.ts";
import { type Initial, init } from "../cells/init.ts";
import { fail } from "../errors/layers.ts";
import { checkOptions } from "../errors.ts";
import { checkIndices, take } from "../ops/take.ts";
import { type Shape, showShape, type Tensor } from "../tensor/tensor.ts";
import { type Layer, pointwise } from "./layer.ts";

export interface EmbeddingOptions {
  /** First value of the table; normal with deviation 1 by default, as in PyTorch. */
  readonly init?: (shape: Shape) => Initial;
}

/**
 * y = table[x]
 * Shapes: x int32 [batch, time], each within 0 … vocabulary − 1; table [vocabulary, size].
 * @throws "index-range" for a symbol that the table does not have
 */
export function embedding(
  vocabulary: number,
  size: number,
  options: EmbeddingOptions = {},
): Layer<{ table: Tensor }> {
  checkOptions("embedding", options, ["init"]);
  wholeNumber("embedding: vocabulary", vocabulary);
  wholeNumber("embedding: size", size);
  const law = options.init ?? ((shape: Shape) => init.normal(shape));
  const name = `embedding(${vocabulary}, ${size})`;
  return pointwise({
    kind: "embedding",
    name,
    input: { shape: [], dtype: "int32" },
    plan(flow, float) {
      if (flow.dtype !== "int32")
        fail("dtype-mismatch", {
          op: name,
          given: `${flow.dtype} ${showShape(flow.shape)}`,
          expected: "int32 symbols",
        });
      return {
        params: { table: law([vocabulary, size]) },
        output: { shape: [...flow.shape, size], dtype: float, time: flow.time },
      };
    },
    check: (x) => checkIndices("take", x, vocabulary),
    apply: ({ table }, x) => take(table, x),
  });
}

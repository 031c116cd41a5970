/** One product of two matrices, 384×384 by 384×1056, both of which stay in the program. */
import { resident, type Tensor, tensor } from "retrograd";
import { compileGraph } from "../../packages/retrograd/src/jit/jit.ts";
import { traceTree } from "../../packages/retrograd/src/transform/function.ts";
import type { Case, CaseOptions } from "../case.ts";
import { generator } from "../numbers.ts";
import { shaped } from "../training.ts";

const [ROWS, INNER, COLUMNS] = [384, 384, 1056];

interface Carry {
  readonly a: Tensor;
  readonly b: Tensor;
  readonly product: Tensor;
}

function prepare({ target }: CaseOptions) {
  const next = generator(3);
  const matrix = (rows: number, columns: number) =>
    shaped(
      Float32Array.from({ length: rows * columns }, () => next() - 0.5),
      rows,
      columns,
    );
  const [a, b] = [matrix(ROWS, INNER), matrix(INNER, COLUMNS)];
  const carry: Carry = { a, b, product: matrix(ROWS, COLUMNS) };
  // What residents alone decide would be computed once; a factor that comes in is new in every call.
  const f = (now: Carry, factor: Tensor) =>
    [{ ...now, product: now.a.mul(factor).dot(now.b) }, []] as const;
  const one = tensor(1);
  const start = performance.now();
  const { graph } = traceTree(
    (now: Carry, factor: Tensor) => Object.values(f(now, factor)[0]),
    [carry, one],
  );
  const stay = Object.keys(carry).map((_, i) => [i, i] as const);
  compileGraph(graph, { target, resident: stay });
  const compileMs = performance.now() - start;
  const program = resident<Carry, readonly never[]>(f, carry, { target });
  program.call(one);
  const last = program.read().product.data.at(-1)!;
  let expected = 0;
  for (let k = 0; k < INNER; k++)
    expected += a.data[(ROWS - 1) * INNER + k] * b.data[(k + 1) * COLUMNS - 1];
  return {
    kind: "step" as const,
    run: () => void program.call(one),
    work: {
      flops: 2 * ROWS * INNER * COLUMNS,
      bytes: 4 * (ROWS * INNER + INNER * COLUMNS + ROWS * COLUMNS),
      elementary: {},
    },
    compileMs,
    peakBytes: () => program.peakBytes,
    fields: () => ({ error: Math.abs(last - expected) }),
    graph,
    residents: stay.length,
  };
}

export const benchmark: Case = {
  name: "product",
  question: "How near does one product come to the ceiling? 384×384 by 384×1056",
  prepare,
};

/**
 * solve: the x of A x = b, by elimination with partial pivoting; or by substitution alone where A
 * is triangular. Derivatives are solutions with A and Aᵀ again, so they exist to every order.
 */
import { fail, oneOf } from "../errors.ts";
import { slot } from "../scalar/index.ts";
import { apply, type Op, record, sameShape, sizeOf, Tensor } from "../tensor/tensor.ts";
import { describeFully, lettersOfRank } from "./axes.ts";
import { recordMap } from "./map.ts";
import { below, checkMatrices, negative, sumOf, times, transposed } from "./matrices.ts";
import { repeated } from "./repeat.ts";
import { recordReshape, reshapeTo } from "./reshape.ts";

export type Triangle = "lower" | "upper";

/** A [B…, n, n], b [B…, n, k] → [B…, n, k]. Of a triangular A the other triangle is not read. */
export interface SolveAttrs {
  readonly triangle?: Triangle;
}

const opposite = (triangle?: Triangle): Triangle | undefined =>
  triangle && (triangle === "lower" ? "upper" : "lower");

/** The part of a matrix that is read. */
const read = (a: Tensor, triangle?: Triangle): Tensor =>
  triangle === undefined
    ? a
    : triangle === "lower"
      ? below(a, 1)
      : transposed(below(transposed(a), 1));

/** Recorded solution of A x = b. */
export const solved = (A: Tensor, b: Tensor, triangle?: Triangle): Tensor =>
  record(solveOp, [A, b], { triangle })[0];

export const solveOp: Op<SolveAttrs> = {
  name: "solve",
  lower: "host",
  shape: ([, b]) => [b],
  evaluate({ attrs: { triangle }, args: [A, b] }, [left, right]) {
    const [n, k] = b.shape.slice(-2);
    const x = right.slice();
    for (let m = 0; m < sizeOf(A.shape.slice(0, -2)); m++) {
      const a = left.slice(m * n * n, (m + 1) * n * n);
      const own = x.subarray(m * n * k, (m + 1) * n * k);
      if (!triangle) eliminate(a, own, n, k);
      substitute(a, own, n, k, triangle === "lower");
    }
    return [x];
  },
  /** A dx = db − dA x. */
  jvp(node, [dA, db]) {
    const { triangle } = node.attrs;
    const moved = dA && times(read(dA, triangle), new Tensor(node));
    const right = sumOf(db, negative(moved));
    return [right && solved(node.args[0], right, triangle)];
  },
  /** Aᵀ b̄ = x̄ and Ā = −b̄ xᵀ. */
  vjp(node, [ct]) {
    if (!ct) return [undefined, undefined];
    const { triangle } = node.attrs;
    const back = solved(transposed(node.args[0]), ct, opposite(triangle));
    const left = times(back, transposed(new Tensor(node)));
    return [negative(read(left, triangle)), back];
  },
  batch({ attrs }, [A, b], [wideA, wideB], size) {
    if (wideA) return record(solveOp, [A, wideB ? b : repeated(b, size)], attrs);
    // One matrix for all samples: their right sides stand side by side, and it is factored once.
    const letters = lettersOfRank(b.rank);
    const [sample, rest, column] = [letters[0], letters.slice(1, -1), letters.at(-1)];
    const beside = recordMap(`${letters}->${rest}${sample}${column}`, slot(0), [b], {
      name: "transpose",
    });
    const wide = beside.shape;
    const joined = recordReshape(beside, [...wide.slice(0, -2), size * wide[wide.length - 1]]);
    const x = recordReshape(solved(A, joined, attrs.triangle), wide);
    return [
      recordMap(`${rest}${sample}${column}->${letters}`, slot(0), [x], { name: "transpose" }),
    ];
  },
};

/** Rows of A and b are exchanged and subtracted until nothing is left below A's diagonal. */
function eliminate(a: Float64Array, b: Float64Array, n: number, k: number): void {
  for (let c = 0; c < n; c++) {
    let best = c;
    for (let i = c + 1; i < n; i++)
      if (Math.abs(a[i * n + c]) > Math.abs(a[best * n + c])) best = i;
    exchange(a, n, c, best);
    exchange(b, k, c, best);
    for (let i = c + 1; i < n; i++) {
      const factor = a[i * n + c] / a[c * n + c];
      for (let j = c; j < n; j++) a[i * n + j] -= factor * a[c * n + j];
      for (let j = 0; j < k; j++) b[i * k + j] -= factor * b[c * k + j];
    }
  }
}

function exchange(x: Float64Array, width: number, i: number, j: number): void {
  const row = x.slice(i * width, (i + 1) * width);
  x.copyWithin(i * width, j * width, (j + 1) * width);
  x.set(row, j * width);
}

/** b becomes x, from the first row on where A is lower, else from the last. */
function substitute(a: Float64Array, b: Float64Array, n: number, k: number, lower: boolean): void {
  for (let step = 0; step < n; step++) {
    const i = lower ? step : n - 1 - step;
    for (let j = 0; j < k; j++) {
      let rest = b[i * k + j];
      for (let d = 0; d < step; d++) {
        const other = lower ? d : n - 1 - d;
        rest -= a[i * n + other] * b[other * k + j];
      }
      b[i * k + j] = rest / a[i * n + i];
    }
  }
}

export interface SolveOptions {
  /** A is triangular, and what lies on the other side of its diagonal is not read. */
  readonly triangle?: Triangle;
}

/**
 * The x of A x = b. A singular A gives numbers that are not finite, as a division by zero does.
 * @param A        [..., n, n]
 * @param b        [..., n] or [..., n, k], with the same leading axes
 * @param options  triangle: "lower" or "upper", where A is triangular; then n² operations a column
 *   instead of a factorisation in n³ / 3
 * @returns        x, of the shape of b
 * @throws         "shape-mismatch", "dtype-mismatch", "unknown-option"
 * Source: Golub and Van Loan 2013, algorithms 3.4.1 and 3.1.2; derivatives: Giles 2008,
 * "Collected matrix derivative results", section 2.3.
 * Checked: A·solve(A, b) = b for random A; differences; an A whose first pivot is 0.
 */
export function solve(A: Tensor, b: Tensor, { triangle }: SolveOptions = {}): Tensor {
  checkMatrices("solve", A, "square matrices A [..., n, n]", (n, m) => n === m);
  if (triangle !== undefined) oneOf("solve: triangle", triangle, ["lower", "upper"]);
  if (b.dtype !== A.dtype)
    fail("dtype-mismatch", {
      op: "solve",
      given: `${describeFully(A)} and ${describeFully(b)}`,
      expected: "one dtype",
    });
  const isVector = b.rank === A.rank - 1;
  const rows = A.shape.slice(0, -1);
  if (!sameShape(rows, isVector ? b.shape : b.shape.slice(0, -1)))
    fail("shape-mismatch", {
      op: "solve",
      given: `${b.describe()} for ${A.describe()}`,
      expected: `b of shape [${rows}] or [${rows}, k]`,
    });
  const columns = isVector ? reshapeTo(b, [...b.shape, 1]) : b;
  return reshapeTo(apply(solveOp, [A, columns], { triangle })[0], b.shape);
}

/** The numbers of a tensor for people: short, rows below each other, long axes by their ends. */
import type { Data, DType } from "../scalar/dtype.ts";

/** With more numbers than MANY, an axis longer than two ENDS shows those alone. */
const MANY = 100;
const ENDS = 3;

export function showValues(data: Data, shape: readonly number[], dtype: DType): string {
  const build = (axis: number, at: number, size: number): string => {
    if (axis === shape.length) return dtype === "bool" ? `${data[at] !== 0}` : shortly(data[at]);
    const length = shape[axis];
    const parts: string[] = [];
    for (let i = 0; i < length; i++) {
      if (i === ENDS && data.length > MANY && length > 2 * ENDS) {
        parts.push("…");
        i = length - ENDS;
      }
      parts.push(build(axis + 1, at + (i * size) / length, size / length));
    }
    const apart = axis === shape.length - 1 ? ", " : `,\n${" ".repeat(axis + 1)}`;
    return `[${parts.join(apart)}]`;
  };
  return build(0, 0, data.length);
}

const shortly = (x: number): string =>
  Number.isSafeInteger(x) ? String(x) : String(Number(x.toPrecision(6)));

/** What the large cases share: sizes and data; each brings its cell. */
import type { CaseOptions, Prepared } from "./case.ts";
import { LARGE, largeNumbers } from "./numbers.ts";
import { type SequenceCell, sequenceCase } from "./sequence.ts";

export interface LargeCell extends Omit<SequenceCell, "params"> {
  readonly params: (numbers: ReturnType<typeof largeNumbers>) => unknown;
}

export function largeCase(own: LargeCell, options: CaseOptions): Prepared {
  const numbers = largeNumbers();
  return sequenceCase(LARGE, numbers, { ...own, params: own.params(numbers) }, options);
}

/** Batches that are made when they are looked at. */
import type { Batch } from "../train/batch.ts";

/** A batch that is made once, on first sight: what a resumed run passes over costs nothing. */
export function whenRead(make: () => Batch): Batch {
  let made: Batch | undefined;
  const batch = () => {
    made ??= make();
    return made;
  };
  return {
    get inputs() {
      return batch().inputs;
    },
    get targets() {
      return batch().targets;
    },
    get mask() {
      return batch().mask;
    },
    get lengths() {
      return batch().lengths;
    },
    get start() {
      return batch().start;
    },
  };
}

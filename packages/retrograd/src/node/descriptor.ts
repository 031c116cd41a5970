/**
 * The number under which the system knows an open file. It is forgotten when the file is closed,
 * because the next file that any thread opens is given the same number.
 */
import { closeSync } from "node:fs";

export interface Descriptor {
  /** @throws where the file is closed */
  number(): number;
  /** Once or more often. */
  close(): void;
}

export function descriptor(file: number): Descriptor {
  let open: number | undefined = file;
  return {
    number() {
      if (open === undefined) throw new Error("it is closed");
      return open;
    },
    close() {
      if (open !== undefined) closeSync(open);
      open = undefined;
    },
  };
}

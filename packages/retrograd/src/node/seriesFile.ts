/**
 * Series on disk: steps are written once, one after the other, and read back from any place. The
 * file lies in the system's folder for temporary files (TMPDIR names another) and has no name any
 * more once it is open, so that nothing is left behind, however the process ends.
 */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Steps } from "../data/missing.ts";
import { refuse } from "./write.ts";

export interface SeriesFile {
  /** Add steps at the end. @throws "disk-full", "file-failed" */
  write(steps: Steps): void;
  /** Steps [from, to) of the file. @throws "file-failed" */
  read(from: number, to: number): Steps;
  close(): void;
}

/** Masks of so many features share a number. */
const BITS = 32;

/** A new file for steps of so many features. @throws "disk-full", "file-failed" */
export function seriesFile(features: number): SeriesFile {
  const masks = Math.ceil(features / BITS);
  const width = 1 + features + masks;
  const folder = join(tmpdir(), "retrograd-series");
  const attempt = <T>(action: "read" | "written", run: () => T): T => {
    try {
      return run();
    } catch (error) {
      return refuse(folder, action, error);
    }
  };
  const file = attempt("written", openNameless);
  let end = 0;
  return {
    write({ times, values, observed }) {
      const records = new Float64Array(times.length * width);
      times.forEach((time, t) => {
        const [at, from] = [t * width, t * features];
        records[at] = time;
        records.set(values.subarray(from, from + features), at + 1);
        for (let f = 0; f < features; f++)
          if (observed[from + f])
            records[at + 1 + features + Math.floor(f / BITS)] += 2 ** (f % BITS);
      });
      const bytes = new Uint8Array(records.buffer);
      for (let done = 0; done < bytes.length; )
        done += attempt("written", () =>
          writeSync(file, bytes, done, bytes.length - done, end + done),
        );
      end += bytes.length;
    },
    read(from, to) {
      const records = new Float64Array((to - from) * width);
      const bytes = new Uint8Array(records.buffer);
      const start = from * width * Float64Array.BYTES_PER_ELEMENT;
      for (let done = 0; done < bytes.length; ) {
        const count = attempt("read", () =>
          readSync(file, bytes, done, bytes.length - done, start + done),
        );
        if (count === 0) refuse(folder, "read", new Error("it ends too early"));
        done += count;
      }
      const times = new Float64Array(to - from);
      const values = new Float64Array(times.length * features);
      const observed = new Uint8Array(values.length);
      times.forEach((_, t) => {
        const at = t * width;
        times[t] = records[at];
        values.set(records.subarray(at + 1, at + 1 + features), t * features);
        for (let f = 0; f < features; f++)
          observed[t * features + f] =
            (records[at + 1 + features + Math.floor(f / BITS)] >>> (f % BITS)) & 1;
      });
      return { times, values, observed };
    },
    close: () => closeSync(file),
  };
}

/** A file that is gone when it is closed; where open files keep their names, with the process. */
function openNameless(): number {
  const folder = mkdtempSync(join(tmpdir(), "retrograd-series-"));
  const file = openSync(join(folder, "steps"), "w+");
  try {
    rmSync(folder, { recursive: true });
  } catch {
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  }
  return file;
}

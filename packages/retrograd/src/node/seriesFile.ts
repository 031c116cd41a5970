/**
 * Series on disk: steps are written once, one after the other, and read back from any place. The
 * file lies in the system's folder for temporary files (TMPDIR names another) and has no name any
 * more once it is open, so that nothing is left behind, however the process ends.
 */
import { mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Steps } from "../data/missing.ts";
import { descriptor } from "./descriptor.ts";
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
  const folder = join(tmpdir(), "retrograd-series");
  const attempt = <T>(action: "read" | "written", run: () => T): T => {
    try {
      return run();
    } catch (error) {
      return refuse(folder, action, error);
    }
  };
  const file = descriptor(attempt("written", openNameless));
  let end = 0;
  return {
    write(steps) {
      const bytes = new Uint8Array(packed(steps, features).buffer);
      for (let done = 0; done < bytes.length; ) {
        const left = bytes.length - done;
        done += attempt("written", () => writeSync(file.number(), bytes, done, left, end + done));
      }
      end += bytes.length;
    },
    read(from, to) {
      const records = new Float64Array((to - from) * widthOf(features));
      const bytes = new Uint8Array(records.buffer);
      const start = from * widthOf(features) * records.BYTES_PER_ELEMENT;
      for (let done = 0; done < bytes.length; ) {
        const left = bytes.length - done;
        const count = attempt("read", () =>
          readSync(file.number(), bytes, done, left, start + done),
        );
        if (count === 0) refuse(folder, "read", new Error("it ends too early"));
        done += count;
      }
      return unpacked(records, features);
    },
    close: file.close,
  };
}

/** Numbers of a step: its time, its values, which of them were observed. */
const widthOf = (features: number) => 1 + features + Math.ceil(features / BITS);

function packed({ times, values, observed }: Steps, features: number): Float64Array<ArrayBuffer> {
  const width = widthOf(features);
  const records = new Float64Array(times.length * width);
  for (let t = 0; t < times.length; t++) {
    const [at, from] = [t * width, t * features];
    records[at] = times[t];
    for (let f = 0; f < features; f++) {
      records[at + 1 + f] = values[from + f];
      if (observed[from + f]) records[at + 1 + features + Math.floor(f / BITS)] += 2 ** (f % BITS);
    }
  }
  return records;
}

function unpacked(records: Float64Array, features: number): Steps {
  const width = widthOf(features);
  const times = new Float64Array(records.length / width);
  const values = new Float64Array(times.length * features);
  const observed = new Uint8Array(values.length);
  for (let t = 0; t < times.length; t++) {
    const [at, to] = [t * width, t * features];
    times[t] = records[at];
    for (let f = 0; f < features; f++) {
      values[to + f] = records[at + 1 + f];
      const mask = records[at + 1 + features + Math.floor(f / BITS)];
      observed[to + f] = (mask >>> (f % BITS)) & 1;
    }
  }
  return { times, values, observed };
}

/** @throws "disk-full", "file-failed" */
function temporary(): string {
  try {
    return mkdtempSync(join(tmpdir(), "retrograd-series-"));
  } catch (error) {
    return refuse(tmpdir(), "written", error);
  }
}

/** A file that is gone when it is closed; where open files keep their names, with the process. */
function openNameless(): number {
  const folder = temporary();
  try {
    return openSync(join(folder, "steps"), "w+");
  } finally {
    try {
      rmSync(folder, { recursive: true });
    } catch {
      process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
    }
  }
}

/** koffi calls C from JavaScript. It is optional: whoever wants the native target installs it. */
import { createRequire } from "node:module";

/** A library of C; a function of it is called as its prototype says. */
export interface Library {
  func(prototype: string): (...args: any[]) => any;
}

/** The part of koffi that is used here. */
export interface Koffi {
  /** A library by its path; null is the process itself. */
  load(path: string | null): Library;
  address(data: ArrayBuffer): bigint;
}

let found: Koffi | undefined | null = null;
/** Undefined where it is not installed. */
export function koffi(): Koffi | undefined {
  if (found !== null) return found;
  try {
    found = createRequire(import.meta.url)("koffi") as Koffi;
  } catch {
    found = undefined;
  }
  return found;
}

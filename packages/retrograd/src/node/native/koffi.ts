/** koffi calls C from JavaScript. It is optional: whoever wants the native target installs it. */
import { createRequire } from "node:module";

/** The part of koffi that is used here. */
export interface Koffi {
  /** A library by its path; null is the process itself. */
  load(path: string | null): { func(prototype: string): (...args: number[]) => any };
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

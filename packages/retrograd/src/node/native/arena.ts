/**
 * The memory of a native program: an ArrayBuffer, whose bytes never move and live as long as the
 * program, which holds it. It begins where a large page begins: with pages of 2 MiB the processor
 * finds an address in one look, where small ones cost a training step a tenth of its time.
 */
import { fail } from "../../errors.ts";
import { type Koffi, koffi } from "./koffi.ts";

export interface Arena {
  readonly buffer: ArrayBuffer;
  /** Byte of the buffer at which the arena begins. */
  readonly start: number;
  readonly address: number;
}

/** Vectors begin at multiples of a cache line. */
const LINE = 64;
const LARGE_PAGE = 2 ** 21;
/** Advice 14 of Linux's madvise: large pages, please. */
const HUGE = 14;

/** @throws "out-of-memory" */
export function arenaOf(bytes: number): Arena {
  const align = bytes >= LARGE_PAGE ? LARGE_PAGE : LINE;
  try {
    const whole = Math.ceil(bytes / align) * align;
    const buffer = new ArrayBuffer(whole + align);
    const first = Number(koffi()!.address(buffer));
    const start = (align - (first % align)) % align;
    const address = first + start;
    if (align === LARGE_PAGE) advise()?.(address, whole, HUGE);
    return { buffer, start, address };
  } catch (error) {
    if (error instanceof RangeError) fail("out-of-memory", { needed: bytes, limit: 0 });
    throw error;
  }
}

type Advise = (address: number, bytes: number, advice: number) => number;
let found: Advise | undefined | null = null;
/** Where there is no such call, pages are what they are. */
function advise(): Advise | undefined {
  if (found === null) found = process.platform === "linux" ? look(koffi()!) : undefined;
  return found;
}
function look(library: Koffi): Advise | undefined {
  try {
    const prototype = "int madvise(uintptr_t address, size_t bytes, int advice)";
    return library.load(null).func(prototype) as Advise;
  } catch {
    return undefined;
  }
}

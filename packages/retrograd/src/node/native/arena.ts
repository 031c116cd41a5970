/**
 * The memory of a native program: an ArrayBuffer, whose bytes never move and live as long as the
 * program, which holds them. An arena begins where a large page begins: with pages of 2 MiB the
 * processor finds an address in one look, where small ones cost a training step a tenth of its
 * time.
 */
import { granted } from "../../targets/arena.ts";
import { type Koffi, koffi } from "./koffi.ts";

/** The arenas of a program's shards, one after the other in one buffer. */
export interface Arenas {
  readonly buffer: ArrayBuffer;
  /** Bytes of the buffer at which they begin. */
  readonly starts: readonly number[];
  /** Address of the first, and bytes from one to the next. */
  readonly first: number;
  readonly stride: number;
}

/** Vectors begin at multiples of a cache line, and arenas at pages of their own. */
const PAGE = 4096,
  LARGE_PAGE = 2 ** 21;
/** Advice 14 of Linux's madvise: large pages, please. */
const HUGE = 14;

/**
 * @param bytes  of one arena
 * @throws "out-of-memory"
 */
export function arenasOf(bytes: number, shards: number): Arenas {
  const align = bytes >= LARGE_PAGE ? LARGE_PAGE : PAGE;
  const stride = Math.ceil(bytes / align) * align;
  const buffer = granted(shards * bytes, () => new ArrayBuffer(shards * stride + align));
  const address = Number(koffi()!.address(buffer));
  const start = (align - (address % align)) % align;
  const first = address + start;
  if (align === LARGE_PAGE) advise()?.(first, shards * stride, HUGE);
  const starts = Array.from({ length: shards }, (_, k) => start + k * stride);
  return { buffer, starts, first, stride };
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

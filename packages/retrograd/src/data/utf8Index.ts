/**
 * Where the characters of a long UTF-8 text lie: one strict pass over its bytes, chunk by chunk,
 * that notes the offset of every so many characters. With it any character is found by reading one
 * block, and a text of many gigabytes needs eight bytes of memory for each block.
 */
import { fail } from "../errors/data.ts";
import { sequenceLength } from "./utf8.ts";

export interface Utf8Index {
  /** Characters; a byte order mark is none. */
  readonly length: number;
  /** Characters of a block; the last may have fewer. */
  readonly block: number;
  /** Byte offset at which each block begins, and that of the end. */
  readonly offsets: Float64Array;
}

/** Longest sequence of UTF-8, in bytes. */
const LONGEST = 4;

export class Utf8Indexer {
  readonly #file: string;
  readonly #block: number;
  #offsets = new Float64Array(64);
  #blocks = 0;
  #length = 0;
  #line = 1;
  /** Offset of the bytes that are kept because their sequence may go on in the next chunk. */
  #at = 0;
  #kept = new Uint8Array();

  /** @param block  characters from one noted offset to the next */
  constructor(file: string, block: number) {
    this.#file = file;
    this.#block = block;
  }

  /**
   * The next bytes.
   * @throws "text-not-utf8" with the offset of the first byte that does not belong; "text-utf16"
   */
  add(chunk: Uint8Array): void {
    const bytes = this.#kept.length ? joined(this.#kept, chunk) : chunk;
    const read = this.#scan(bytes, bytes.length - LONGEST + 1);
    this.#kept = bytes.slice(read);
    this.#at += read;
  }

  /** After the last bytes. @throws as `add` */
  finish(): Utf8Index {
    this.#at += this.#scan(this.#kept, this.#kept.length);
    this.#kept = new Uint8Array();
    this.#note(this.#at);
    const offsets = this.#offsets.slice(0, this.#blocks);
    return { length: this.#length, block: this.#block, offsets };
  }

  /** Gives the number of bytes whose characters were counted; none begins at `end` or later. */
  #scan(bytes: Uint8Array, end: number): number {
    let at = 0;
    if (this.#at === 0 && this.#length === 0 && end > 0 && isMark(bytes)) at = 3;
    while (at < end) {
      const lead = bytes[at];
      const length = lead < 0x80 ? 1 : sequenceLength(bytes, at);
      if (length === 0) this.#refuse(bytes, at);
      if (lead === 10) this.#line++;
      if (this.#length++ % this.#block === 0) this.#note(this.#at + at);
      at += length;
    }
    return at;
  }

  #note(offset: number): void {
    if (this.#blocks === this.#offsets.length) {
      const longer = new Float64Array(2 * this.#blocks);
      longer.set(this.#offsets);
      this.#offsets = longer;
    }
    this.#offsets[this.#blocks++] = offset;
  }

  #refuse(bytes: Uint8Array, at: number): never {
    const [file, offset] = [this.#file, this.#at + at];
    const mark = bytes[0] * 256 + bytes[1];
    if (offset === 0 && (mark === 0xfffe || mark === 0xfeff)) fail("text-utf16", { file });
    return fail("text-not-utf8", { file, offset, byte: bytes[at], line: this.#line });
  }
}

const isMark = (bytes: Uint8Array) => bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

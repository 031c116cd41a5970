/**
 * Bytes to text, strictly: a byte that is not UTF-8 is an error that says where it stands and what
 * it may be, and never a replacement character in the training data.
 */
import { fail } from "../errors/data.ts";

/**
 * Decode UTF-8; a byte order mark at the start is dropped.
 * @param file name for messages
 * @throws "text-not-utf8" with the offset of the first byte that does not belong; "text-utf16"
 */
export function decodeUtf8(bytes: Uint8Array, file = "the text"): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    const mark = bytes[0] * 256 + bytes[1];
    if (mark === 0xfffe || mark === 0xfeff) fail("text-utf16", { file });
    const offset = firstStray(bytes);
    const line = bytes.subarray(0, offset).reduce((n, byte) => n + (byte === 10 ? 1 : 0), 1);
    return fail("text-not-utf8", { file, offset, byte: bytes[offset], line });
  }
}

/**
 * Offset of the first byte that begins no well-formed sequence.
 * Source: The Unicode Standard 15.0, table 3-7.
 */
function firstStray(bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at);
    if (length === 0) return at;
    at += length;
  }
  return bytes.length - 1;
}

/** Bytes of the sequence at an offset, 0 if it is not well formed. */
export function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at];
  if (lead < 0x80) return 1;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || at + length > bytes.length) return 0;
  for (let i = 1; i < length; i++) if (bytes[at + i] >> 6 !== 2) return 0;
  const second = bytes[at + 1];
  const short = (lead === 0xe0 && second < 0xa0) || (lead === 0xf0 && second < 0x90);
  const beyond = (lead === 0xed && second > 0x9f) || (lead === 0xf4 && second > 0x8f);
  return short || beyond ? 0 : length;
}

/** The code points of well-formed bytes, as many as there are. */
export function pointsOf(bytes: Uint8Array): Int32Array {
  const points = new Int32Array(bytes.length);
  let count = 0;
  for (let at = 0; at < bytes.length; ) {
    const lead = bytes[at];
    const length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    let point = length === 1 ? lead : lead & (0xff >> (length + 1));
    for (let i = 1; i < length; i++) point = (point << 6) | (bytes[at + i] & 63);
    points[count++] = point;
    at += length;
  }
  return points.subarray(0, count);
}

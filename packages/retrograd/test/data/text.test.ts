/** Text: strict decoding, vocabularies that round-trip, and streams that give the text back. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { makeTextStreams, splitText } from "../../src/data/text.ts";
import { decodeUtf8 } from "../../src/data/utf8.ts";
import { buildVocabulary, decode, encode, readVocabulary } from "../../src/data/vocabulary.ts";
import type { RetrogradError } from "../../src/errors.ts";

const words = fc.string({ unit: "grapheme", minLength: 1, maxLength: 80 });

describe("UTF-8", () => {
  test("any text comes back", () => {
    fc.assert(
      fc.property(words, (text) => {
        fc.pre(!text.startsWith("\uFEFF"));
        expect(decodeUtf8(new TextEncoder().encode(text))).toBe(text);
      }),
    );
  });
  test("a byte order mark is dropped", () => {
    expect(decodeUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe("a");
  });
  test("the offset of the first stray byte is the one a decoder stops at", () => {
    const fatal = (bytes: Uint8Array) => {
      try {
        new TextDecoder("utf-8", { fatal: true }).decode(bytes);
        return true;
      } catch {
        return false;
      }
    };
    const lead = fc.constantFrom(
      0x41,
      0x80,
      0xbf,
      0xc1,
      0xc3,
      0xe0,
      0xe2,
      0xed,
      0xf0,
      0xf4,
      0xf5,
      0x9f,
      0xa0,
    );
    const bytes = fc.array(fc.oneof(lead, fc.nat(255)), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(bytes, (list) => {
        const bytes = Uint8Array.from([0x41, ...list]);
        if (fatal(bytes)) return;
        try {
          decodeUtf8(bytes);
          expect.unreachable();
        } catch (error) {
          const { code, data } = error as RetrogradError;
          expect(code).toBe("text-not-utf8");
          const offset = Number(data.offset);
          // What comes before is well formed; with any more of the file it is not.
          expect(fatal(bytes.subarray(0, offset))).toBe(true);
          const longer = [1, 2, 3, 4].map((more) => bytes.subarray(0, offset + more));
          expect(longer.every((part) => !fatal(part))).toBe(true);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe("vocabulary", () => {
  test("encode and decode are inverse, through JSON", () => {
    fc.assert(
      fc.property(words, (text) => {
        const vocabulary = readVocabulary(JSON.parse(JSON.stringify(buildVocabulary(text))));
        const codes = encode(vocabulary, text);
        expect(codes.length).toBe([...text].length);
        expect(decode(vocabulary, codes)).toBe(text);
      }),
    );
  });
  test("characters are numbered by code point", () => {
    expect(buildVocabulary("hello 😀").symbols).toEqual([" ", "e", "h", "l", "o", "😀"]);
  });
  test("an unknown symbol stands for what is rare or new", () => {
    const vocabulary = buildVocabulary("aaab", { unknown: true, minimum: 2 });
    expect(vocabulary).toEqual({ kind: "characters", symbols: ["\uFFFD", "a"], unknown: 0 });
    expect(decode(vocabulary, encode(vocabulary, "abc"))).toBe("a\uFFFD\uFFFD");
  });
});

describe("streams", () => {
  test("the windows of the rows, put together, are the text", () => {
    const size = fc.integer({ min: 1, max: 9 });
    fc.assert(
      fc.property(
        fc.array(fc.nat(9), { minLength: 10, maxLength: 200 }),
        size,
        size,
        (list, batch, window) => {
          const codes = Int32Array.from(list);
          const streams = makeTextStreams(codes, { batch, window });
          const rows: number[][] = Array.from({ length: batch }, () => []);
          const next: number[][] = Array.from({ length: batch }, () => []);
          for (let k = 0; k < streams.count; k++) {
            const { inputs, targets, mask, start, lengths } = streams.at(k);
            expect(Array.from(start)).toEqual(Array(batch).fill(k === 0 ? 1 : 0));
            for (let at = 0; at < batch * window; at++) {
              const row = Math.floor(at / window);
              expect(mask[at]).toBe(at % window < lengths[row] ? 1 : 0);
              if (mask[at] === 0) continue;
              rows[row].push(inputs[at]);
              next[row].push(targets[at]);
            }
          }
          expect(rows.flat()).toEqual(list.slice(0, -1));
          expect(next.flat()).toEqual(list.slice(1));
          expect(streams.targets).toBe(list.length - 1);
        },
      ),
    );
  });
  test("a text is cut between characters, never inside one", () => {
    fc.assert(
      fc.property(words, fc.double({ min: 0, max: 0.99, noNaN: true }), (text, share) => {
        const { train, validation } = splitText(text, share);
        expect([...train, ...validation]).toEqual([...text]);
      }),
    );
  });
});

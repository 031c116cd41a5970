/** A text read in pieces is the text: at every border of chunks, blocks and lanes. */
import { createHash } from "node:crypto";
import { appendFileSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { charactersOf, textOf } from "../../src/data/characters.ts";
import { decodeUtf8 } from "../../src/data/utf8.ts";
import { Utf8Indexer } from "../../src/data/utf8Index.ts";
import type { RetrogradError } from "../../src/errors.ts";
import { openText } from "../../src/node/textFile.ts";
import { prepareLanguage } from "../../src/tasks/language.ts";
import { feed } from "../../src/train/batch.ts";

const folder = mkdtempSync(join(tmpdir(), "retrograd-text-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** Letters of one to four bytes, so that borders fall inside of them. */
const letters = fc.constantFrom("a", "é", "€", "😀", "\n", " ", "ß", "中");
const texts = fc.array(letters, { minLength: 1, maxLength: 60 }).map((list) => list.join(""));

/** What either way says of some bytes: their characters, or the code and data of the refusal. */
function outcome(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    const { code, data } = error as RetrogradError;
    return { code, ...data };
  }
}

function indexed(bytes: Uint8Array, chunk: number, block: number) {
  const indexer = new Utf8Indexer("note.txt", block);
  for (let at = 0; at < bytes.length; at += chunk) indexer.add(bytes.subarray(at, at + chunk));
  return indexer.finish();
}

test("chunks of any size are read as the whole is, and blocks begin where characters do", () => {
  const size = fc.integer({ min: 1, max: 9 });
  fc.assert(
    fc.property(texts, size, size, fc.boolean(), (text, chunk, block, mark) => {
      const bytes = new TextEncoder().encode((mark ? "\uFEFF" : "") + text);
      const { length, offsets } = indexed(bytes, chunk, block);
      const characters = [...text];
      expect(length).toBe(characters.length);
      expect(offsets.length).toBe(Math.ceil(length / block) + 1);
      for (let k = 0; k + 1 < offsets.length; k++)
        expect(decodeUtf8(bytes.subarray(offsets[k], offsets[k + 1]))).toBe(
          characters.slice(k * block, (k + 1) * block).join(""),
        );
    }),
  );
});

test("what is not UTF-8 is refused as the whole is: same byte, same offset, same line", () => {
  const bytes = fc.array(fc.oneof(fc.constantFrom(10, 0x41, 0xc3, 0xa9, 0xe2, 0xf0), fc.nat(255)), {
    minLength: 1,
    maxLength: 14,
  });
  fc.assert(
    fc.property(bytes, fc.integer({ min: 1, max: 5 }), (list, chunk) => {
      const given = Uint8Array.from(list);
      const whole = outcome(() => [...decodeUtf8(given, "note.txt")].length);
      expect(outcome(() => indexed(given, chunk, 4).length)).toEqual(whole);
    }),
    { numRuns: 2000 },
  );
});

test("any stretch of the file is that of the text, whatever is kept in memory", async () => {
  const text = fc.sample(texts, { numRuns: 40, seed: 7 }).join("");
  const path = file("stretch.txt", text);
  const all = charactersOf(text);
  const opened = await openText(path, { block: 7, kept: 2 });
  expect(opened.length).toBe(all.length);
  expect(opened.sha256).toBe(createHash("sha256").update(text).digest("hex"));
  fc.assert(
    fc.property(fc.nat(all.length), fc.nat(all.length), (a, b) => {
      const [from, to] = [Math.min(a, b), Math.max(a, b)];
      expect(textOf(opened.subarray(from, to))).toBe(textOf(all.subarray(from, to)));
    }),
  );
  opened.close();
});

test("a language model sees the same batches of a file as of a string", async () => {
  const text = `${"Größe, 中文 and 😀: the sea is wide.\n".repeat(90)}At its end: ž and 🐚.\n`;
  const opened = await openText(file("lanes.txt", text), { block: 11, kept: 3 });
  const options = { window: 16, batch: 8 };
  const [memory, disk] = [prepareLanguage(text, options), prepareLanguage(opened, options)];
  expect(disk.config).toEqual(memory.config);
  expect(disk.config.vocabulary.unknown).toBe(0);
  expect(disk.counts).toEqual(memory.counts);
  expect(disk.notes).toEqual(memory.notes);
  for (const part of ["data", "validation"] as const) {
    const batches = [memory, disk].map(({ lessons }) =>
      [...(lessons[part]!.batches(0) as Iterable<any>)].map((batch) => feed(batch)),
    );
    expect(batches[0].length).toBeGreaterThan(2);
    expect(batches[1]).toEqual(batches[0]);
  }
  opened.close();
});

test("batches that a resumed run passes over are not read", async () => {
  const path = file("passed.txt", "the sky is blue\n".repeat(100));
  const opened = await openText(path, { block: 8, kept: 4 });
  const { lessons } = prepareLanguage(opened, { window: 8, batch: 2 });
  const batches = lessons.data.batches(0) as Iterable<any>;
  opened.close(); // from here on, reading fails
  const passed = [...batches];
  expect(passed.length).toBe(lessons.batches);
  expect(() => feed(passed[0])).toThrow(/cannot be read/);
});

test("a file that changes is refused when it is next read", async () => {
  const path = file("changing.txt", "a".repeat(5000));
  const grown = await openText(path, { block: 100, kept: 1 });
  appendFileSync(path, "more");
  expect(() => grown.subarray(0, 10)).toThrow(/is not as it was .*\n.*\(source-changed\)/);
  const touched = await openText(path, { block: 100, kept: 1 });
  utimesSync(path, 1, 1);
  expect(() => touched.subarray(300, 310)).toThrow("(source-changed)");
  for (const { close } of [grown, touched]) close();
});

test("zeros, and files that are not there, are refused by name", async () => {
  await expect(openText(file("zero.txt", "ab\0cd"))).rejects.toThrow(/zero byte at offset 2/);
  await expect(openText(join(folder, "absent.txt"))).rejects.toThrow(/\(file-failed\)/);
});

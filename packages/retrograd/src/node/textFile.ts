/**
 * A text file of any size as characters. One pass over its bytes checks that they are UTF-8, takes
 * their hash and notes where every block of characters begins; from then on blocks are read when
 * they are asked for, and the last ones kept. Rows of a batch that read side by side each find
 * their block in memory.
 */
import { createHash } from "node:crypto";
import type { Codes } from "../data/characters.ts";
import { pointsOf } from "../data/utf8.ts";
import { Utf8Indexer } from "../data/utf8Index.ts";
import { fail } from "../errors/tasks.ts";
import { openFile } from "./openFile.ts";
import { recent } from "./recent.ts";

export interface TextFile extends Codes {
  readonly path: string;
  readonly bytes: number;
  /** Of all bytes, in hexadecimal. */
  readonly sha256: string;
  close(): void;
}

export interface TextFileOptions {
  /** Characters of a block: 8,192. */
  readonly block?: number;
  /** Blocks in memory, 256: at least as many as rows of a batch, or blocks are read again. */
  readonly kept?: number;
}

/** Bytes of a chunk of the first pass. */
const CHUNK = 1 << 20;

/**
 * Look a text file over, and leave it open.
 * @throws "text-not-utf8", "text-utf16", "source-binary", "file-failed", "source-changed"
 */
export async function openText(path: string, options: TextFileOptions = {}): Promise<TextFile> {
  const { block = 8192, kept = 256 } = options;
  const file = openFile(path);
  try {
    const indexer = new Utf8Indexer(path, block);
    const hash = createHash("sha256");
    for (let at = 0; at < file.size; at += CHUNK) {
      const chunk = file.read(at, Math.min(CHUNK, file.size - at));
      hash.update(chunk);
      indexer.add(chunk);
      const zero = chunk.indexOf(0);
      if (zero >= 0) fail("source-binary", { path, offset: at + zero });
      await new Promise(setImmediate); // whoever waits gets a turn
    }
    const { length, offsets } = indexer.finish();
    const read = recent(kept, (index): Int32Array => {
      const [from, to] = [offsets[index], offsets[index + 1]];
      const points = pointsOf(file.read(from, to - from));
      const expected = Math.min(block, length - index * block);
      return points.length === expected ? points : fail("source-changed", { path });
    });
    const subarray = (from: number, to: number): Int32Array => {
      const points = new Int32Array(to - from);
      for (let at = from; at < to; ) {
        const index = Math.floor(at / block);
        const start = index * block;
        const part = read(index).subarray(at - start, to - start);
        points.set(part, at - from);
        at += part.length;
      }
      return points;
    };
    const sha256 = hash.digest("hex");
    return { path, bytes: file.size, sha256, length, subarray, close: file.close };
  } catch (error) {
    file.close();
    throw error;
  }
}

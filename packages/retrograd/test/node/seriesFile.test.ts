/** Steps come back from the disk as they were written, masks of many features included. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Steps } from "../../src/data/missing.ts";
import { seriesFile } from "../../src/node/seriesFile.ts";

const stepsOf = (length: number, features: number, random: () => number): Steps => ({
  times: Float64Array.from({ length }, random),
  values: Float64Array.from({ length: length * features }, random),
  observed: Uint8Array.from({ length: length * features }, () => (random() > 0 ? 1 : 0)),
});

test("any stretch is what was written, for one feature and for many", () => {
  const count = fc.integer({ min: 1, max: 20 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 70 }), count, count, fc.nat(), (width, a, b, seed) => {
      let state = seed + 1;
      const random = () => {
        state = (state * 16_807) % 2_147_483_647;
        return state / 1e9 - 1;
      };
      const [one, two] = [stepsOf(a, width, random), stepsOf(b, width, random)];
      const file = seriesFile(width);
      file.write(one);
      file.write(two);
      const whole = {
        times: Float64Array.of(...one.times, ...two.times),
        values: Float64Array.of(...one.values, ...two.values),
        observed: Uint8Array.of(...one.observed, ...two.observed),
      };
      const [from, to] = [Math.floor(a / 2), a + Math.ceil(b / 2)];
      expect(file.read(from, to)).toEqual({
        times: whole.times.slice(from, to),
        values: whole.values.slice(from * width, to * width),
        observed: whole.observed.slice(from * width, to * width),
      });
      expect(() => file.read(0, a + b + 1)).toThrow(/ends too early/);
      file.close();
      expect(() => file.read(0, 1)).toThrow(/it is closed[\s\S]*\(file-failed\)/);
    }),
  );
});

test("what is closed is never another file that has its number", () => {
  const [first, second] = [seriesFile(1), seriesFile(1)];
  first.write(stepsOf(2, 1, () => 1));
  first.close();
  const third = seriesFile(1); // the system gives it the number of the first
  third.write(stepsOf(2, 1, () => 2));
  expect(() => first.read(0, 1)).toThrow(/it is closed[\s\S]*\(file-failed\)/);
  first.close();
  expect(third.read(0, 1).values).toEqual(Float64Array.of(2));
  for (const { close } of [second, third]) close();
});

test("nothing is left in the folder of temporary files, and one that is missing is named", () => {
  const [before, folder] = [process.env.TMPDIR, mkdtempSync(join(tmpdir(), "retrograd-test-"))];
  process.env.TMPDIR = folder;
  try {
    const file = seriesFile(1);
    file.write(stepsOf(3, 1, () => 1));
    expect(readdirSync(folder)).toEqual([]);
    expect(file.read(1, 2).values).toEqual(Float64Array.of(1));
    file.close();
    rmSync(folder, { recursive: true });
    expect(existsSync(folder)).toBe(false);
    expect(() => seriesFile(1)).toThrow(/cannot be written: it does not exist/);
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
});

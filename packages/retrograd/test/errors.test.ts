/** The catalogues of messages: each code stands once, and a page loads no catalogue it cannot use. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { messages } from "../src/errors/index.ts";
import { fail } from "../src/errors/training.ts";

const source = fileURLToPath(new URL("../src/", import.meta.url));
const files = readdirSync(source, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => ({ name, text: readFileSync(join(source, name), "utf8") }));

test("every catalogue is joined, and no code stands in two of them", () => {
  const codes = files
    .filter(({ name }) => /^errors[\\/]/.test(name))
    .flatMap(({ text }) =>
      [...text.matchAll(/^ {2}"([a-z0-9-]+)": \{$/gm)].map(([, code]) => code),
    );
  expect([...codes].sort()).toEqual(Object.keys(messages).sort());
});

test("no floor loads the joined catalogue", () => {
  const loading = /^import (?!type\b).*errors\/index\.ts"/m;
  expect(files.filter(({ text }) => loading.test(text)).map(({ name }) => name)).toEqual([]);
});

test("a floor raises its own messages and the compiler's, with where it happened", () => {
  expect(() => fail("no-batches", { what: "The data", epoch: 3 })).toThrow(/\(no-batches\)/);
  expect(() => fail("axis-range", { op: "sum", axis: 2, operand: "x [3]" })).toThrow(
    /axis 2 does not exist/,
  );
  // @ts-expect-error: the code of another floor
  expect(() => fail("csv-empty", { file: "a.csv" })).toThrow();
});

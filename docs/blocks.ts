/**
 * The code in our documents, as files that can be run and checked. A block runs on its own; one
 * that begins with "// name.ts" is a module for the block after it. `console.log(…); // → text`
 * means that the line prints that text.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

export const blocksOf = (document: string): string[] =>
  [...readFileSync(join(root, document), "utf8").matchAll(/^```ts\n(.*?)^```$/gms)].map(
    ([, code]) => code,
  );

/** `print(expected, …values)` instead of the logging of lines that say what they print. */
const promises = (code: string): string =>
  code.replace(
    /console\.log\((.*)\);? \/\/ → (.*)$/gm,
    (_, values, text) => `print(${JSON.stringify(text)}, ${values});`,
  );

const PRINT = `import { inspect } from "node:util";
import { strict as assert } from "node:assert";
const print = (expected: string, ...values: unknown[]) => {
  const text = values.map((v) => (typeof v === "string" ? v : inspect(v, { breakLength: Infinity })));
  assert.equal(text.join(" "), expected);
};
`;

/**
 * Write the blocks of a document into a folder of their own, and a program that runs them in order.
 * @param together  as one program
 * @returns  the path of that program
 */
export function extract(document: string, folder: string, together: boolean): string {
  const place = join(folder, document.replace(/^.*\/|\.md$/g, ""));
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place, { recursive: true });
  const blocks = blocksOf(document);
  const files = (together ? [blocks.join("\n")] : blocks).map((code, k) => {
    const [, name = `${k + 1}.ts`] = /^\/\/ (\S+\.ts)\n/.exec(code) ?? [];
    const own = promises(code);
    writeFileSync(join(place, name), `${own === code ? "" : PRINT}${own}\nexport {};\n`);
    return name;
  });
  const main = join(place, "main.ts");
  writeFileSync(
    main,
    `${files.map((name) => `await import("./${name}");\n`).join("")}export {};\n`,
  );
  return main;
}

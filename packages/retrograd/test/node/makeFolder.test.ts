/** Folders with those above them, wherever they are asked for. */
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { folderStore } from "../../src/node/index.ts";
import { makeFolder } from "../../src/node/makeFolder.ts";

const root = mkdtempSync(join(tmpdir(), "retrograd-folder-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

test("all that is missing is made, and what is there is left alone", () => {
  const path = join(root, "a", "b", "c");
  makeFolder(path, 0o700);
  makeFolder(path);
  expect(statSync(path).mode & 0o777).toBe(0o700);
  expect(statSync(join(root, "a")).mode & 0o777).toBe(0o700);
});

test("a file in the way is said", () => {
  writeFileSync(join(root, "file"), "");
  expect(() => makeFolder(join(root, "file"))).toThrow("EEXIST");
  expect(() => makeFolder(join(root, "file", "below"))).toThrow(/EEXIST|ENOTDIR/);
});

// There Node's recursive mkdir never returns.
test.skipIf(!existsSync("/proc/self"))("where no folder can be, there is an end", async () => {
  const path = "/proc/retrograd/nowhere";
  expect(() => makeFolder(path)).toThrow("ENOENT");
  const store = folderStore(path);
  await expect(store.write("x", new Uint8Array(1))).rejects.toThrow(/\(file-failed\)/);
  await expect(store.lock!()).rejects.toThrow(/\(file-failed\)/);
});

/** The cache of compiled libraries: built once, rebuilt when damaged, shared by processes. */
import { execFile } from "node:child_process";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { grad, jit, type Tensor, tensor } from "retrograd";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { cached, whyUnusable } from "../../src/node/native/cache.ts";
import { compileC, compiler } from "../../src/node/native/compiler.ts";
import { missing } from "../../src/node/native/index.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "retrograd-test-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Counts what is built; the "library" is a text. */
function counted(key: string, load = (path: string) => readFileSync(path, "utf8")) {
  let built = 0;
  const value = () => cached(key, (path) => writeFileSync(path, `built ${++built}`), load, folder);
  return { value, built: () => built };
}
const entry = (): string => join(folder, readdirSync(folder).find((name) => name.endsWith(".so"))!);

test("an entry is built once for a key", () => {
  const one = counted("one");
  expect([one.value(), one.value(), one.built()]).toEqual(["built 1", "built 1", 1]);
  counted("another").value();
  expect(readdirSync(folder)).toHaveLength(4);
});

test.each([
  ["cut short", () => truncateSync(entry(), 3)],
  ["changed", () => writeFileSync(entry(), "built 7")],
  ["empty", () => writeFileSync(entry(), "")],
  ["without its hash", () => rmSync(`${entry()}.sha256`)],
])("an entry that is %s is built again, once", (_, damage) => {
  const one = counted("one");
  one.value();
  damage();
  expect([one.value(), one.value(), one.built()]).toEqual(["built 2", "built 2", 2]);
});

test("a whole entry that cannot be loaded is built again, once", () => {
  counted("one").value(); // from another system, say
  let built = 0;
  const build = (path: string) => writeFileSync(path, `new ${++built}`);
  const load = (path: string) => {
    const text = readFileSync(path, "utf8");
    if (text === "built 1") throw new Error("wrong system");
    return text;
  };
  expect(cached("one", build, load, folder)).toBe("new 1");
  expect([cached("one", build, load, folder), built]).toEqual(["new 1", 1]);
});

test("what fails to build leaves nothing behind", () => {
  const build = (path: string) => {
    writeFileSync(path, "half");
    throw new Error("no");
  };
  expect(() => cached("one", build, () => 0, folder)).toThrow("no");
  expect(readdirSync(folder)).toEqual([]);
});

test("what was not used for longest makes room", () => {
  const built: string[] = [];
  /** An hour older than it was. */
  const age = (path: string) => {
    const at = statSync(path).mtimeMs / 1000 - 3600;
    utimesSync(path, at, at);
  };
  const use = (key: string) => {
    for (const name of readdirSync(folder)) age(join(folder, name));
    const build = (path: string) => {
      built.push(key);
      writeFileSync(path, key);
    };
    return cached(key, build, (path) => readFileSync(path, "utf8"), folder, 2);
  };
  for (const key of ["a", "b", "a", "c"]) expect(use(key)).toBe(key);
  expect(readdirSync(folder)).toHaveLength(4);
  for (const key of ["a", "c", "b"]) expect(use(key)).toBe(key);
  expect(built).toEqual(["a", "b", "c", "b"]);
});

test("where nothing can be kept, a folder of this process serves, and it is known why", () => {
  const below = join(folder, "file", "below");
  writeFileSync(join(folder, "file"), "");
  const read = (path: string) => readFileSync(path, "utf8");
  const write = (path: string) => writeFileSync(path, "built");
  expect(whyUnusable(below)).toBe(undefined);
  expect(cached("one", write, read, below)).toBe("built");
  expect(whyUnusable(below)).toBe("a part of the path is not a folder");

  const fromElsewhere = (path: string) => {
    if (path.startsWith(folder)) throw new Error("no code runs from here.");
    return read(path);
  };
  expect(cached("one", write, fromElsewhere, folder)).toBe("built");
  expect(whyUnusable(folder)).toBe("no code runs from here");
});

test("what fails everywhere is not the folder's fault", () => {
  const refuse = () => {
    throw new Error("not C");
  };
  expect(() => cached("refused", refuse, () => 0, folder)).toThrow("not C");
  expect(whyUnusable(folder)).toBe(undefined);
});

describe.skipIf(missing())("with a compiler", () => {
  test("what the compiler refuses is said", () => {
    const broken = () => compileC(compiler()!, "int f( {", join(folder, "broken.so"));
    expect(broken).toThrow(/made no program: .*error.*\n.*\(compiler-failed\)$/s);
  });

  test("explain says what ran", () => {
    const f = jit(
      grad((x: Tensor) => x.tanh().sum()),
      { target: "native" },
    );
    f(tensor([1, 2]));
    expect(f.explain()).toMatch(/^target native: C by .+, vectors of \d+ floats\n/);
    expect(f.explain()).toContain("kernels");
  });

  test("two processes at once make one entry", async () => {
    const program = fileURLToPath(new URL("nativeProgram.ts", import.meta.url));
    const run = () =>
      promisify(execFile)(process.execPath, ["--import", "tsx", program], {
        env: { ...process.env, XDG_CACHE_HOME: folder },
      });
    const said = await Promise.all([run(), run()]);
    expect(said.map(({ stdout }) => stdout)).toEqual(["0.25\n", "0.25\n"]);
    const files = readdirSync(join(folder, "retrograd", "native"));
    expect(files.map((name) => name.replace(/^[0-9a-f]+/, "")).sort()).toEqual([
      ".so",
      ".so.sha256",
    ]);
  }, 60_000);
});

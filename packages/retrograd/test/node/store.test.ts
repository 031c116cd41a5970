/** Folders: whole writes, full disks, and a lock that dies with its process. */
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { folderStore, loadWeights, saveWeights } from "../../src/node/index.ts";
import { tensor } from "../../src/tensor/tensor.ts";
import { train } from "../../src/train/index.ts";
import { optionsOf } from "./echoRun.ts";

const root = mkdtempSync(join(tmpdir(), "retrograd-store-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const fresh = (name: string) => join(root, name);
/** A message without what differs between machines. */
const said = async (work: Promise<unknown>) => {
  try {
    await work;
    return "nothing";
  } catch (error) {
    return (error as Error).message
      .replaceAll(root, "…")
      .replaceAll(hostname(), "HOST")
      .replace(/Process \d+/, "Process N")
      .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/, "DATE");
  }
};

test("folders are made as far as they are missing, and refused where there is no place", async () => {
  const write = async (folder: string, name: string) => folderStore(folder).write(name, bytes);
  await Promise.all(["one", "two"].map((name) => write(fresh("a/b/c"), name)));
  expect(readdirSync(fresh("a/b/c")).sort()).toEqual(["one", "two"]);
  expect(await said(write(fresh("a/b/c/one/d"), "x"))).toContain("(file-failed)");
  if (existsSync("/proc/self"))
    expect(await said(write("/proc/never/run", "x"))).toContain("(file-failed)");
});
const bytes = Uint8Array.of(1, 2, 3);

describe("weights in a file", () => {
  const params = [
    {
      W: tensor([
        [1, 2],
        [3, 4],
      ]),
      b: tensor([0.5], { dtype: "float64" }),
    },
    {},
    [tensor([7])],
  ];

  test("come back as they were", async () => {
    const path = fresh("weights/model.safetensors");
    await saveWeights(path, params, { made: "by a test" });
    const found = await loadWeights(path);
    expect(found[0].W.toArray()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(found[0].b.dtype).toBe("float64");
    expect(found[1]).toEqual({});
    expect(found[2][0].toArray()).toEqual([7]);
    expect(readdirSync(join(root, "weights"))).toEqual(["model.safetensors"]);
  });
  test("a full disk leaves the old file as it was", async () => {
    const path = fresh("full.safetensors");
    await saveWeights(path, params);
    const before = readFileSync(path);
    symlinkSync("/dev/full", `${path}.${process.pid}.unfinished`); // the name it is written under
    expect(await said(saveWeights(path, [tensor([1])]))).toMatchSnapshot();
    expect(readFileSync(path)).toEqual(before);
  });
  test("paths that cannot be used have a message", async () => {
    writeFileSync(fresh("file"), "x");
    mkdirSync(fresh("folder"), { recursive: true });
    expect(await said(loadWeights(fresh("nowhere")))).toMatchSnapshot();
    expect(await said(loadWeights(fresh("folder")))).toMatchSnapshot();
    expect(await said(loadWeights(fresh("file")))).toMatchSnapshot();
    expect(await said(saveWeights(fresh("file/below"), params))).toMatchSnapshot();
  });
});

describe("the lock of a folder", () => {
  const lockText = (holder: object) =>
    JSON.stringify({ host: hostname(), began: "", since: "before", ...holder });

  test("a second run is refused, and told who holds it", async () => {
    const folder = fresh("held");
    for await (const event of train(optionsOf({ folder, epochs: 1 }))) {
      if (event.type !== "step") continue;
      const second = async () => {
        for await (const _ of train(optionsOf({ folder })));
      };
      expect(await said(second())).toMatchSnapshot();
      break;
    }
    expect(readdirSync(folder)).not.toContain("lock");
  });
  test("that of a dead process is taken over, with what it left", async () => {
    const folder = fresh("stale");
    mkdirSync(folder);
    const dead = spawnSync(process.execPath, ["-e", ""]).pid;
    writeFileSync(join(folder, "lock"), lockText({ process: dead }));
    writeFileSync(join(folder, "last-0.safetensors.1.unfinished"), "half");
    const release = await folderStore(folder).lock!();
    expect(JSON.parse(readFileSync(join(folder, "lock"), "utf8")).process).toBe(process.pid);
    expect(readdirSync(folder)).toEqual(["lock"]);
    await release();
    expect(readdirSync(folder)).toEqual([]);
  });
  test("a number that another process has been given since does not hold it", async () => {
    const folder = fresh("reused");
    mkdirSync(folder);
    writeFileSync(join(folder, "lock"), lockText({ process: process.pid, began: "1" }));
    const release = folderStore(folder).lock!();
    if (process.platform === "linux") await (await release)();
    else await expect(release).rejects.toThrow("folder-locked");
  });
  test("one that was never finished is taken over; one of another machine is not", async () => {
    const folder = fresh("other");
    mkdirSync(folder);
    writeFileSync(join(folder, "lock"), "{");
    await (await folderStore(folder).lock!())();
    writeFileSync(join(folder, "lock"), lockText({ process: 1, host: "elsewhere" }));
    await expect(folderStore(folder).lock!()).rejects.toThrow("elsewhere");
  });
  test("of many at once, one gets it", async () => {
    const folder = fresh("many");
    const dead = spawnSync(process.execPath, ["-e", ""]).pid;
    mkdirSync(folder);
    writeFileSync(join(folder, "lock"), lockText({ process: dead }));
    const tries = await Promise.allSettled(
      Array.from({ length: 8 }, () => folderStore(folder).lock!()),
    );
    expect(tries.filter((t) => t.status === "fulfilled")).toHaveLength(1);
  });
});

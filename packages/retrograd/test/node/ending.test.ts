/** Calls of a library that never come back, in a process of their own. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const source = fileURLToPath(new URL("../../src/node/mpi/ending.ts", import.meta.url));
const start = (call: string) =>
  spawnSync(
    process.execPath,
    [
      ...["--import", "tsx", "--input-type=module", "--eval"],
      `import { orEnd } from ${JSON.stringify(source)};
       const word = new Int32Array(new SharedArrayBuffer(4));
       console.log(orEnd(400, "it is held; all is written", () => ${call}));`,
    ],
    { encoding: "utf8", timeout: 60_000 },
  );

test("a call that holds its thread ends the process, with a word", () => {
  const { signal, stdout, stderr } = start("Atomics.wait(word, 0, 0)");
  expect({ signal, stdout, stderr }).toEqual({
    signal: "SIGKILL",
    stdout: "",
    stderr: "it is held; all is written\n",
  });
});

test("a call that comes back is what it gives, and nothing keeps the process", () => {
  const { status, stdout, stderr } = start("7");
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "7\n", stderr: "" });
});

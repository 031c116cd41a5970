/** Memory that the machine does not have is refused with the bytes that were asked for. */
import { jit, type Tensor, tensor } from "retrograd";
import { afterEach, expect, test, vi } from "vitest";
import { arenasOf } from "../../src/node/native/arena.ts";
import { koffi } from "../../src/node/native/koffi.ts";

afterEach(() => void vi.restoreAllMocks());

test("wasm: the engine gives none", () => {
  vi.spyOn(WebAssembly, "Memory").mockImplementation(function refuse() {
    throw new RangeError("WebAssembly.Memory(): could not allocate memory");
  });
  const f = jit((x: Tensor) => x.mul(2), { target: "wasm" });
  expect(() => f(tensor([1]))).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: The program needs 0.1 MiB, more than there is.
      Use a smaller batch, a shorter window (truncated) or remat.   (out-of-memory)]
  `);
});

test.skipIf(!koffi())("native: two arenas of a pebibyte", () => {
  expect(() => arenasOf(2 ** 50, 2)).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: The program needs 2147483648.0 MiB, more than there is.
      Use a smaller batch, a shorter window (truncated) or remat.   (out-of-memory)]
  `);
});

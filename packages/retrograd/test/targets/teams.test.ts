/** Programs of several shards where nobody has brought threads: what is said. */
import { allReduce, jit, tensor } from "retrograd";
import { afterEach, expect, test, vi } from "vitest";

afterEach(() => vi.unstubAllGlobals());

const sum = () =>
  jit((x: ReturnType<typeof tensor>) => allReduce(x.sum()), {
    target: "wasm",
    shards: { count: 2, inputs: [0], outputs: null },
  })(tensor([1, 2, 3, 4]));

test("without retrograd/node, Node has no threads", () => {
  expect(sum).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: 2 shards cannot run here on target "wasm": threads come with "retrograd/node", which is not imported.
      Import retrograd/node first.   (shards-missing)]
  `);
});

test("in a worker of a page they must have begun", () => {
  vi.stubGlobal("Worker", class {});
  expect(sum).toThrowErrorMatchingInlineSnapshot(`
    [RetrogradError: 2 shards cannot run here on target "wasm": its threads have not begun.
      Call await prepareThreads(shards) first: threads cannot begin while a program waits.   (shards-missing)]
  `);
});

test("on a page's own thread, and on a page that is not isolated", () => {
  vi.stubGlobal("Worker", class {});
  vi.stubGlobal("Atomics", {
    wait() {
      throw new TypeError("Atomics.wait cannot be called in this context");
    },
  });
  expect(sum).toThrow("a page's own thread must never wait");
  vi.stubGlobal("SharedArrayBuffer", undefined);
  expect(sum).toThrow("threads cannot share memory, because the page is not isolated");
});

/** The MPI library: loading one changes nothing under the running engine, in a thread either. */
import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { mpiLibrary } from "../../src/node/index.ts";

const library = mpiLibrary();

test.skipIf(!library)("what lies below MPI is told to leave memory and signals alone", () => {
  const koffi = createRequire(import.meta.url)("koffi");
  const get = koffi.load(null).func("const char *getenv(const char *name)");
  // As libraries see it: process.env of a thread, in which tests run, is a copy.
  expect(get("UCX_MEM_EVENTS")).toBe("n");
  expect(get("UCX_TLS")).toBe("^cma");
  expect(get("UCX_ERROR_SIGNALS")).toBe("");
});

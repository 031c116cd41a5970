// Tests run from the TypeScript sources, so none of them needs a build.
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const sources = fileURLToPath(new URL("./packages/retrograd/src/", import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^retrograd$/, replacement: `${sources}index.ts` },
      { find: /^retrograd\/(.+)$/, replacement: `${sources}$1/index.ts` },
    ],
  },
  test: {
    include: ["packages/*/test/**/*.test.ts", "benchmarks/**/*.test.ts", "docs/*.test.ts"],
    setupFiles: ["packages/retrograd/test/seed.ts"],
    pool: "threads",
    maxWorkers: "100%",
    testTimeout: 30_000,
  },
});

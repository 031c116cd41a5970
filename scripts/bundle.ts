/** The library as a page would load it: core, cells, layers and training, minified and compressed. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
export const BUNDLE_LIMIT_KB = 60;

/** Kilobytes, minified, and minified and gzipped; undefined where there is nothing to bundle yet. */
export async function bundleSize(): Promise<{ minified: number; gzipped: number } | undefined> {
  const entries = ["index.ts", "cells/index.ts", "layers/index.ts", "train/index.ts"]
    .map((file) => `./packages/retrograd/src/${file}`)
    .filter((file) => existsSync(join(root, file)));
  if (!entries.length) return undefined;
  const { outputFiles } = await build({
    stdin: {
      contents: entries.map((file) => `export * from "${file}";`).join("\n"),
      resolveDir: root,
    },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2023",
    ignoreAnnotations: true, // count everything that a page may load, not what a bundler can drop
    write: false,
    logLevel: "silent",
  });
  const { contents } = outputFiles[0];
  const gzipped = gzipSync(contents, { level: 9 }).length / 1000;
  return { minified: contents.length / 1000, gzipped };
}

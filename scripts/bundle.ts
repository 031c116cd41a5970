/**
 * What the library weighs on a page, minified and compressed, in two figures: all of it, and the
 * part that a bundler keeps for scripts/page.ts, which trains an LSTM.
 */
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type Rolldown } from "vite";

const root = fileURLToPath(new URL("..", import.meta.url));
const sources = `${root}packages/retrograd/src/`;
export const BUNDLE_LIMIT_KB = 60;

/** Entries that count as the whole library; data, tasks, drawing and files are loaded apart. */
const ENTRIES = ["retrograd", "retrograd/cells", "retrograd/layers", "retrograd/train"];

/** Kilobytes, gzipped, of what is loaded at once and of what is loaded when it is asked for. */
export interface Weight {
  readonly first: number;
  readonly later: number;
}

/** The whole library, whether it is used or not. */
export const weighLibrary = (): Promise<Weight> =>
  weigh(ENTRIES.map((name) => `export * from "${name}";`).join("\n"), false);

/** The page, as it leaves a bundler that drops what is not used. */
export const weighPage = (): Promise<Weight> =>
  weigh('import { learn } from "/scripts/page.ts";\nlearn(100, console.log);', true);

async function weigh(entry: string, treeshake: boolean): Promise<Weight> {
  const bundled = (await build({
    configFile: false,
    root,
    logLevel: "error",
    resolve: {
      alias: [
        { find: /^retrograd$/, replacement: `${sources}index.ts` },
        { find: /^retrograd\/(.+)$/, replacement: `${sources}$1/index.ts` },
      ],
    },
    plugins: [
      {
        name: "entry",
        resolveId: (id) => (id === "entry" ? "\0entry" : undefined),
        load: (id) => (id === "\0entry" ? entry : undefined),
        // What Vite itself adds around import() is not the library's.
        transform: (_, id) =>
          id.includes("vite/preload-helper")
            ? "export const __vitePreload = (load) => load();"
            : undefined,
      },
    ],
    build: {
      write: false,
      target: "es2023",
      modulePreload: false,
      rolldownOptions: {
        input: "entry",
        treeshake,
        preserveEntrySignatures: treeshake ? false : "strict",
      },
    },
  })) as Rolldown.RolldownOutput;
  const chunks = new Map(
    bundled.output.flatMap((part) => (part.type === "chunk" ? [[part.fileName, part]] : [])),
  );
  const first = new Set<string>();
  const load = (name: string) => {
    if (first.has(name)) return;
    first.add(name);
    chunks.get(name)!.imports.forEach(load);
  };
  for (const { isEntry, fileName } of chunks.values()) if (isEntry) load(fileName);
  const sizeOf = (names: Iterable<string>) =>
    [...names].reduce((n, name) => n + gzipSync(chunks.get(name)!.code, { level: 9 }).length, 0);
  const total = sizeOf(chunks.keys());
  return { first: sizeOf(first) / 1000, later: (total - sizeOf(first)) / 1000 };
}

/** Shards in a browser: in a worker of an isolated page several, on the page's own thread one. */
import { execFileSync, spawn } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, test } from "vitest";

const NAMES = ["chromium", "google-chrome", "chromium-browser"];
const browser = NAMES.find((name) => {
  try {
    execFileSync(name, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
});
if (!browser) console.warn(`shards in a page are not tested: there is no ${NAMES.join(", no ")}`);

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
async function bundle(name: string): Promise<string> {
  const sources = here("../../src/");
  const { outputFiles } = await build({
    ...{ entryPoints: [here(name)], bundle: true, write: false, format: "iife" },
    alias: { retrograd: `${sources}index.ts`, "retrograd/train": `${sources}train/index.ts` },
  });
  return outputFiles[0].text;
}

const ISOLATED = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/** What the page found, given the headers that it is served with. */
async function visit(headers: Record<string, string>): Promise<any> {
  const files: Record<string, [type: string, text: string]> = {
    "/": ["text/html", "<!doctype html><script src=page.js></script>"],
    "/page.js": ["text/javascript", await bundle("page.ts")],
    "/worker.js": ["text/javascript", await bundle("worker.ts")],
  };
  let found = (_: any) => {};
  const server = createServer((request, response) => {
    if (request.method === "POST") {
      let text = "";
      request.on("data", (part) => (text += part));
      request.on("end", () => found(JSON.parse(text)));
    }
    const [type, text] = files[request.url!] ?? ["text/plain", ""];
    response.writeHead(200, { "Content-Type": type, ...headers }).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--incognito"];
  const visitor = spawn(browser!, [...flags, `http://127.0.0.1:${port}/`], { stdio: "ignore" });
  try {
    return await new Promise((resolve) => (found = resolve));
  } finally {
    visitor.kill();
    server.closeAllConnections();
    server.close();
  }
}

const near = (a: readonly number[], b: readonly number[]) =>
  a.forEach((x, i) => expect(x).toBeCloseTo(b[i], 5));

test.skipIf(!browser)("an isolated page", { timeout: 60_000 }, async () => {
  const { worker, page, isolated } = await visit(ISOLATED);
  expect(isolated).toBe(true);
  expect(worker.error).toBeUndefined();
  expect(worker.one).toHaveLength(8);
  expect(worker.two).toHaveLength(8);
  near(worker.two, worker.one);
  expect(worker.sum).toEqual(["shards-missing", 21]);
  expect(page).toEqual(["shards-alone", ...worker.one]);
});

test.skipIf(!browser)("a page without the headers", { timeout: 60_000 }, async () => {
  const { worker, page, isolated } = await visit({});
  expect(isolated).toBe(false);
  expect(worker.two).toEqual(["shards-alone", ...worker.one]);
  expect(page).toEqual(["shards-alone", ...worker.one]);
  expect(worker.sum).toEqual(["shards-missing", "shards-missing"]);
});

/**
 * Peers are installed by the comparison itself, each into a folder of its own that git ignores, so
 * that `npm ci` never meets them and one that cannot be had leaves the others in place.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { PeerName } from "./comparisons.ts";
import { installFolder } from "./installed.ts";

const PACKAGES: Readonly<Record<Exclude<PeerName, "pytorch">, readonly string[]>> = {
  tfjs: ["@tensorflow/tfjs@4.22.0", "@tensorflow/tfjs-backend-wasm@4.22.0"],
  jax: ["@jax-js/jax@0.1.25"],
  brain: ["brain.js@1.6.1"],
  "ort-node": ["onnxruntime-node@1.30.0"],
  "ort-web": ["onnxruntime-web@1.30.0"],
};
/** Debian's own Python: another one that comes first in PATH does not see Debian's packages. */
export const PYTHON = "/usr/bin/python3";
const DEBIAN = ["python3-torch", "libopenblas0-pthread"];

/** @returns  undefined when all went well, or else the last line of what was said */
function attempt(command: string, args: readonly string[]): string | undefined {
  const { status, error, stderr } = spawnSync(command, args, {
    encoding: "utf8",
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
  if (status === 0) return undefined;
  return error?.message ?? stderr.trim().split("\n").at(-1) ?? `${command} ended with ${status}`;
}

function installPackages(peer: Exclude<PeerName, "pytorch">): string | undefined {
  const folder = new URL(`${peer}/`, installFolder);
  const wanted = PACKAGES[peer];
  const stamp = new URL("installed.json", folder);
  const content = JSON.stringify(wanted);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === content) return undefined;
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL("package.json", folder), JSON.stringify({ private: true }));
  const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"];
  const npm = process.env.npm_execpath;
  const own = npm ? [process.execPath, npm] : ["npm"];
  const args = ["install", ...options, "--prefix", fileURLToPath(folder), ...wanted];
  const reason = attempt(own[0], [...own.slice(1), ...args]);
  if (reason === undefined) writeFileSync(stamp, content);
  return reason;
}

function installPytorch(): string | undefined {
  const works = () => attempt(PYTHON, ["-c", "import torch, numpy"]) === undefined;
  if (works()) return undefined;
  const command = ["apt-get", "install", "-y", "--no-install-recommends", ...DEBIAN];
  if (process.getuid?.() !== 0) return `not installed: sudo ${command.join(" ")}`;
  attempt("apt-get", ["update"]);
  return attempt(command[0], command.slice(1)) ?? (works() ? undefined : "it does not load");
}

/** @returns  why the peer cannot take part, or undefined when it can */
export const install = (peer: PeerName): string | undefined =>
  peer === "pytorch" ? installPytorch() : installPackages(peer);

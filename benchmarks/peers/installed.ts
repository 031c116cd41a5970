/** The packages of a peer from the folder that install.ts filled; whatever they export, untyped. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

export const installFolder = new URL("../../.peers/", import.meta.url);

/** @param peer  the folder of its installation */
export const requireFrom = (peer: string) => createRequire(new URL(`${peer}/`, installFolder));

export function versionOf(peer: string, name: string): string {
  const file = new URL(`${peer}/node_modules/${name}/package.json`, installFolder);
  return JSON.parse(readFileSync(file, "utf8")).version;
}

/**
 * How cost grows with time steps, hidden size and batch, each point in a process of its own:
 *
 *   npm run bench:growth
 *
 * Prints tables and draws growth.svg beside RESULTS.md. Three to four minutes.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TargetName } from "retrograd";
import { plot } from "./plot.ts";
import { type Axis, BASE, type Point, SWEEPS, TARGETS } from "./sweeps.ts";
import { tables } from "./table.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const script = fileURLToPath(new URL("point.ts", import.meta.url));
const picture = new URL("../growth.svg", import.meta.url);

/** @returns  undefined, with a line that says why, where the point cannot be had */
function measure(axis: Axis, target: TargetName, at: number): Point | undefined {
  const sizes: Record<Axis, number> = { ...BASE, [axis]: at };
  const args = [
    "--import",
    "tsx",
    script,
    target,
    ...[sizes.time, sizes.size, sizes.batch].map(String),
  ];
  // A cache of its own: the native target compiles anew, which is what is measured.
  const cache = mkdtempSync(join(tmpdir(), "retrograd-growth-"));
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: root,
    env: { ...process.env, XDG_CACHE_HOME: cache },
    encoding: "utf8",
  });
  rmSync(cache, { recursive: true });
  console.error(`${target}, ${axis} ${at}: ${(status === 0 ? stdout : stderr).trim()}`);
  return status === 0 ? { axis, target, at, ...JSON.parse(stdout) } : undefined;
}

const points = (Object.keys(SWEEPS) as Axis[]).flatMap((axis) =>
  SWEEPS[axis].flatMap((at) => TARGETS.flatMap((target) => measure(axis, target, at) ?? [])),
);
writeFileSync(picture, plot(points));
const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} cores`;
console.log(`Node ${process.version}, ${machine}: \`npm run bench:growth\`\n`);
console.log(tables(points));

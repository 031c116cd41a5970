/**
 * Attention costs the square of a length, a recurrence the length: time and memory of both, of a
 * training step and of a stream, each point in a process of its own:
 *
 *   npm run bench:attention
 *
 * Prints tables with the lengths at which the curves cross and draws attention.svg beside
 * RESULTS.md. About three minutes.
 */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import type { TargetName } from "retrograd";
import { CONTENDERS, type Contender, type Point, TARGETS, TIMES } from "./contenders.ts";
import { plot } from "./plot.ts";
import { tables } from "./table.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const script = fileURLToPath(new URL("point.ts", import.meta.url));
const picture = new URL("../attention.svg", import.meta.url);

/** @returns  undefined, with a line that says why, where the point cannot be had */
function measure(contender: Contender, target: TargetName, time: number): Point | undefined {
  const args = ["--import", "tsx", script, contender, target, String(time)];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: "utf8",
  });
  console.error(`${contender}, ${target}, ${time}: ${(status === 0 ? stdout : stderr).trim()}`);
  return status === 0 ? { contender, target, time, ...JSON.parse(stdout) } : undefined;
}

// The contenders of a length one after the other: what disturbs one is likely to disturb the next.
const points = TIMES.flatMap((time) =>
  TARGETS.flatMap((target) =>
    (Object.keys(CONTENDERS) as Contender[]).flatMap((name) => measure(name, target, time) ?? []),
  ),
);
writeFileSync(picture, plot(points));
const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} cores`;
console.log(`Node ${process.version}, ${machine}: \`npm run bench:attention\`\n`);
console.log(tables(points));

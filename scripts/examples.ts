/**
 * Runs every example, and every published experiment through examples/papers/run.ts, each in a
 * process of its own: an example works when it ends with exit code 0. Arguments such as --quick
 * are handed on; words without dashes select by name.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const flags = process.argv.slice(2).filter((word) => word.startsWith("-"));
const names = process.argv.slice(2).filter((word) => !word.startsWith("-"));

/** Files that are examples: not the runner, and not what others share (a name with "_" first). */
const list = (folder: string) =>
  existsSync(join(root, folder))
    ? readdirSync(join(root, folder))
        .filter((file) => /^[^_].*\.ts$/.test(file) && !/^run\.ts$|\.d\.ts$/.test(file))
        .sort()
    : [];

const examples = list("examples").map((file) => [`examples/${file}`]);
const papers = list("examples/papers").map((file) => [
  "examples/papers/run.ts",
  basename(file, ".ts"),
]);
const chosen = [...examples, ...papers].filter(
  (command) => !names.length || names.includes(basename(command.at(-1) as string, ".ts")),
);

let failed = 0;
for (const command of chosen) {
  const label = command.length > 1 ? `examples/papers/${command[1]}.ts` : command[0];
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", "tsx", ...command, ...flags],
    { cwd: root, encoding: "utf8", maxBuffer: 2 ** 26, timeout: 15 * 60_000 },
  );
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${status === 0 ? "✓" : "✗"} ${label} (${seconds} s)`);
  if (status === 0) continue;
  failed++;
  console.log(`${stdout}${stderr}`.replace(/^/gm, "    "));
}
console.log(`examples: ${chosen.length - failed} of ${chosen.length} ended well`);
process.exitCode = failed ? 1 : 0;

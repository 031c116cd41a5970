/** The native target from the command line: without a compiler, and with one that fails. */
import { chmodSync } from "node:fs";
import { expect, test } from "vitest";
import { ended, file, place, retrograd, start, waveCsv } from "./command.ts";

const small = ["--size", "8", "--epochs", "1", "--no-report", "--compile-for", "native"];
/** Whatever this machine has, koffi that comes with the workspace included. */
const missing = /not on "native", which is faster: (there is no C compiler "nowhere"|.*koffi)/;

test("without a compiler: one line, and wasm; also where the run is judged", async () => {
  const [csv, run] = [file("bare.csv", waveCsv(120)), place("bare")];
  const command = ["train", csv, "--out", run, ...small];
  const { code, out, err } = await ended(start(command, "CC=nowhere "));
  expect([code, err]).toEqual([0, ""]);
  expect(out).toMatch(missing);
  expect(out).toContain("or use --compile-for wasm.   (target-instead)");
  expect(out).toContain("Next:  retrograd forecast");
}, 60_000);

test("a compiler that fails: the run says so, and goes on with another target", async () => {
  const broken = file(
    "broken-cc",
    `#!/bin/sh\ncase "$*" in *-dM*) exec cc "$@";; esac\n` + 'echo "no space left" >&2\nexit 1\n',
  );
  chmodSync(broken, 0o755);
  const [csv, run] = [file("broken.csv", waveCsv(120)), place("broken")];
  const command = ["train", csv, "--out", run, ...small];
  const before = `CC=${broken} XDG_CACHE_HOME=${place("cache")} `;
  const { code, out, err } = await ended(start(command, before));
  if (out.includes("(target-instead)")) return; // there is no compiler at all
  expect(code).toBe(1);
  expect(err).toContain("made no program: no space left.\n  Use --compile-for wasm");
  const resumed = await retrograd("resume", run, "--compile-for", "wasm", "--no-report");
  expect([resumed.code, resumed.err]).toEqual([0, ""]);
}, 60_000);

/** A file that is read in pieces trains the same model as one that is held, and resumes to it. */
import { appendFileSync, chmodSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { file, lastLine, place, retrograd, verse } from "./command.ts";

const weights = (folder: string) => readFileSync(`${folder}/weights.safetensors`).toString("hex");
const settings = ["--size", "8", "--window", "16", "--batch", "4", "--epochs", "2", "--no-report"];
const poem = () => file("stream.txt", `Größe 🐚\n${verse(60)}`);

test("a text in pieces: the same bits, the same scores, and resume ends with them", async () => {
  const [held, read] = [place("held"), place("read")];
  const whole = await retrograd("train", poem(), "--out", held, ...settings, "--json");
  const pieces = await retrograd(
    ...["train", poem(), "--out", read, ...settings, "--json", "--stream"],
  );
  expect(pieces.err).toBe("");
  expect(pieces.out).toContain("in pieces from the disk");
  expect(weights(read)).toBe(weights(held));
  expect(lastLine(pieces.out).scores).toEqual(lastLine(whole.out).scores);
  const judged = await Promise.all(
    [held, read].map((folder) => retrograd("evaluate", folder, poem(), "--json")),
  );
  expect(judged[1].out).toBe(judged[0].out);
  const more = ["--epochs", "3", "--no-report"];
  for (const folder of [held, read])
    expect((await retrograd("resume", folder, ...more)).code).toBe(0);
  expect(weights(read)).toBe(weights(held));
}, 60_000);

test("a text that has changed is not gone on with", async () => {
  const [path, out] = [file("grows.txt", verse(60)), place("grows")];
  await retrograd("train", path, "--out", out, ...settings, "--stream");
  appendFileSync(path, "more");
  const { err, code } = await retrograd("resume", out, "--epochs", "3");
  expect([code, err]).toEqual([1, expect.stringContaining("(source-changed)")]);
}, 60_000);

test("bad bytes are named by their offset, in pieces as in one", async () => {
  const bytes = Buffer.concat([Buffer.from(verse(60)), Buffer.from([0x61, 0xe9, 0x62])]);
  const path = file("latin.txt", bytes);
  const said = await Promise.all(
    [["--stream"], []].map((flags) => retrograd("train", path, "--out", place("bad"), ...flags)),
  );
  expect(said[0].err).toContain(`at offset ${bytes.length - 2} (line 61)`);
  expect(said[0].err).toBe(said[1].err);
});

test.skipIf(process.getuid?.() === 0)("a file that may not be read says so", async () => {
  const path = poem();
  chmodSync(path, 0o000);
  const { err } = await retrograd("train", path, "--stream");
  expect(err).toContain("you may not read it");
});

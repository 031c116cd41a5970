/** What a person at a terminal sees: a bar that fits, numbers below each other, a menu that asks. */
import { expect, test } from "vitest";
import { runCommandLine } from "../src/program.ts";
import { figuresOf } from "../src/show/numbers.ts";
import { viewFor } from "../src/show/view.ts";

const ESCAPE = String.fromCharCode(27);
const codes = new RegExp(`${ESCAPE}\\[[0-9;?]*[a-zA-Z]`, "g");

function terminalOf(columns: number, answers: string[] = []) {
  const said = { out: "", err: "" };
  const terminal = {
    out: (text: string) => void (said.out += text),
    err: (text: string) => void (said.err += text),
    ...{ live: true, columns },
    paint: (_: string, text: string) => `${ESCAPE}[1m${text}${ESCAPE}[0m`,
    ask: async () => answers.shift(),
  };
  return { said, terminal };
}

const beginning = {
  ...{ folder: "runs/x", task: "language" as const, steps: 4000, batches: 100, epochs: 40 },
  ...{ parameters: 12_345, unit: "characters", perStep: 2048, shards: 1, done: 0 },
};

test.each([30, 40, 64, 80, 200])("the bar fits into %i columns, and goes away", (columns) => {
  const { said, terminal } = terminalOf(columns);
  const view = viewFor(terminal, false);
  view.begin(beginning);
  const before = said.out.length;
  const at = { step: 250, epoch: 2 };
  view.event({ type: "validation", ...at, loss: 2.5, metrics: {}, best: true }, 1e8);
  const step = { batch: 50, window: 0, loss: 3.2, norm: 1, rate: 0.1, milliseconds: 4 };
  view.event({ type: "step", ...at, ...step }, 1e8);
  const bar = said.out.slice(before);
  const lines = bar.replace(codes, "").split("\n");
  expect(lines.length).toBeGreaterThanOrEqual(2);
  for (const line of lines) expect([...line].length, line).toBeLessThan(columns);
  expect(lines[0]).toContain("epoch 3/40");
  view.pause();
  // The cursor, hidden while the bar is drawn, comes back.
  expect(said.out.lastIndexOf(`${ESCAPE}[?25h`)).toBeGreaterThan(said.out.lastIndexOf("[?25l"));
});

test("a wide terminal shows bits, validation, speed, the time left and memory", () => {
  const { said, terminal } = terminalOf(100);
  const view = viewFor(terminal, false);
  view.begin({ ...beginning, shards: 1, done: 0 });
  const at = { step: 250, epoch: 2 };
  const step = { batch: 50, window: 0, loss: Math.LN2, norm: 1, rate: 0.1, milliseconds: 4 };
  view.event({ type: "validation", ...at, loss: 2 * Math.LN2, metrics: {}, best: true }, 1e8);
  view.pause();
  view.event({ type: "step", ...at, ...step }, 1e8);
  const text = said.out.replace(codes, "");
  expect(text).toMatch(/bits 1\.000 {2}validation 2\.000/);
  expect(text).toMatch(/steps\/s · .* characters\/s · .* left · \d+ MB/);
});

test("numbers of a column have their points below each other", () => {
  expect(figuresOf([6.2, 10.955, null])).toEqual(["6.20", "10.96", "–"]);
  expect(figuresOf([2.5, 1234.5])).toEqual(["2.500", "1,235"]);
  expect(figuresOf([0.25, 0.5])).toEqual(["0.2500", "0.5000"]);
});

test.each([
  ["q", "sales.csv"],
  ["--version", "0.1.0"],
  ["retrograd doctor --json", '"what":"wasm"'],
])("without arguments it asks; the answer %s is understood", async (answer, expected) => {
  const { said, terminal } = terminalOf(100, [answer]);
  expect(await runCommandLine([], terminal)).toBe(0);
  expect(said.out).toContain(expected);
});

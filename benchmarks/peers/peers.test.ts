/** The arithmetic of comparisons, who has a turn when, and the numbers that all are given. */

import type { Tensor } from "retrograd";
import { decodeSafetensors, encodeSafetensors } from "retrograd/layers";
import { expect, test } from "vitest";
import { LEAKY_SMALL, largeNumbers, sequenceNumbers } from "../numbers.ts";
import { type Contest, contests, type Way } from "./comparisons.ts";
import { hold, type Row } from "./contest.ts";
import { numbersOf } from "./numbers.ts";
import { Player } from "./player.ts";
import { agree, ratioOf, turnsOf } from "./ratios.ts";
import { table } from "./table.ts";

test("a ratio is taken round by round, so that a slow round does not count twice", () => {
  const ours = [1, 2, 10];
  const theirs = [3, 8, 30];
  expect(ratioOf(ours, theirs)).toEqual({ median: 3, low: 3, high: 4 });
  // The ratio of the medians would be 4.
});

test("turns go forth and back", () => {
  expect(turnsOf(3, 0)).toEqual([0, 1, 2]);
  expect(turnsOf(3, 1)).toEqual([2, 1, 0]);
  const places = [0, 0, 0];
  for (const round of [0, 1]) turnsOf(3, round).forEach((who, at) => (places[who] += at));
  expect(places).toEqual([2, 2, 2]); // nobody is later than another on the whole
});

test("losses agree to four digits, and what was not compared does not", () => {
  const ours = { loss0: 4.85503, loss9: 4.70805 };
  expect(agree(ours, { loss0: 4.85506, loss9: 4.70802 })).toBe(true);
  expect(agree(ours, { loss0: 4.85503, loss9: 4.70818 })).toBe(false);
  expect(agree(ours, { loss0: 4.85503, loss9: Number.NaN })).toBe(false);
  expect(agree(ours, { mean: 4.85503, rms: 4.70805 })).toBe(false);
  expect(agree({}, {})).toBe(false);
});

test("the generator gives the same numbers whenever it is asked", () => {
  const [first, second] = [1, 2].map(() => sequenceNumbers(4, LEAKY_SMALL, 1));
  expect(second.x).toEqual(first.x);
  expect(second.cell).toEqual(first.cell);
  expect(sequenceNumbers(5, LEAKY_SMALL, 1).x).not.toEqual(first.x);
  // Drawn once with the peers' first scripts, whose losses are PyTorch's.
  expect([...largeNumbers().lstm.Wx.subarray(0, 3)]).toEqual([
    0.04425743594765663, 0.0017993442015722394, 0.028838668018579483,
  ]);
});

// The larger size of a cell has the same parameters by the same names, and takes long to draw.
const drawn = contests.filter(({ case: name }) => !/^cells\/.*\/256$/.test(name));

test.each(drawn)("$case: its numbers fit each other, and a file keeps them", ({ case: name }) => {
  const named = numbersOf(name);
  const { x, y, Wx, Wh, b, Wo, bo } = named;
  expect(y.size % x.shape[1]).toBe(0);
  if (name.startsWith("cells/"))
    expect(Object.keys(named).filter((key) => key.startsWith("cell."))).not.toEqual([]);
  else {
    expect(Wx.shape).toEqual([x.shape[2], b.size]);
    expect(Wh.shape).toEqual([Wo.shape[0], b.size]);
  }
  expect(Wo.shape[1]).toBe(bo.size);
  const read = decodeSafetensors(encodeSafetensors(named)).tensors;
  const bytes = ({ data: { buffer, byteOffset, byteLength } }: Tensor) =>
    Buffer.from(buffer, byteOffset, byteLength);
  for (const [key, tensor] of Object.entries(named)) {
    expect(read[key].shape).toEqual(tensor.shape);
    expect(bytes(read[key]).equals(bytes(tensor))).toBe(true);
  }
});

test("a contender computes, takes its turns, and says why when it cannot", async () => {
  const { player, ready } = await Player.start("stream", "wasm");
  expect(agree(ready.check, { mean: -0.000111, rms: 0.113571 })).toBe(true); // PyTorch's
  expect(await player.turn(0.01)).toBeGreaterThan(0);
  player.stop();
  await expect(player.turn(0.01)).rejects.toThrow();
  await expect(Player.start("no-such-case", "wasm")).rejects.toThrow(/no-such-case/);
}, 60_000);

test("who cannot start is left out with the reason, and the others go on", async () => {
  const broken: Way = { peer: "ort-web", variant: "no-such-variant", title: "broken" };
  const contest: Contest = { case: "stream", against: [[broken, ["wasm"]]] };
  const { rows, absent } = await hold(contest, { rounds: 1, seconds: 0.01 }, () => {});
  expect(rows).toEqual([]);
  expect(absent).toMatchObject([{ case: "stream", title: "broken" }]);
  expect(absent[0].reason).toMatch(/no-such-variant/);
}, 60_000);

const row: Row = {
  case: "stream",
  target: "wasm",
  ratio: { median: 2.5, low: 3, high: 3.5 },
  ours: { title: "wasm", ms: { median: 0.05, low: 0.04, high: 0.06 }, startMs: 12.3, rounds: [] },
  theirs: { title: "Peer (1.0)", ms: { median: 0.157, low: 0.15, high: 2000 }, rounds: [] },
  same: false,
};

test("the table has the ratio first, marks another loss, and says who is missing and why", () => {
  const reason = "not installed: sudo apt-get install it";
  const lines = table(
    { rows: [row], absent: [{ case: "all", title: "pytorch", reason }] },
    "npm run bench:peers",
  ).split("\n");
  expect(lines.at(4)).toBe(
    "| **2.50** (3.00–3.50) | stream | wasm | 50.0 µs (40.0–60.0) | Peer (1.0) | " +
      "0.157 ms (0.150–2000) | 12 · – | **differs** |",
  );
  expect(lines.at(-2)).toBe(`- all, pytorch: ${reason}`);
});

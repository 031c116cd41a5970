/** Rows that pass by once become the steps that `readSeries` makes of a table, to the bit. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { archiveOf, pickSeries } from "../../src/data/archive.ts";
import { blockOrder } from "../../src/data/blockOrder.ts";
import { Gatherer } from "../../src/data/gather.ts";
import type { Steps } from "../../src/data/missing.ts";
import { rangesOf } from "../../src/data/ranges.ts";
import { readSeries, type SeriesOptions } from "../../src/data/series.ts";
import { permutation } from "../../src/data/shuffle.ts";
import { tableFromColumns } from "../../src/data/table.ts";
import { makeWindows } from "../../src/data/windows.ts";
import type { RetrogradError } from "../../src/errors.ts";

/** What a reading gives: the steps of each series, or the code of the refusal. */
function outcome(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    return (error as RetrogradError).code;
  }
}

const HOUR = 3_600_000;
/** The n-th time of each rhythm. */
const RHYTHMS = [
  (n: number) => Date.UTC(2020, 0, 1) + n * HOUR,
  (n: number) => Date.UTC(2020, 0, 1) + n * 24 * HOUR,
  (n: number) => Date.UTC(2020, n, 1),
  (n: number) => Date.UTC(2020, n + 1, 0),
  (n: number) => Date.UTC(2024, 0, 1 + Math.floor(n / 5) * 7 + (n % 5)), // Monday to Friday
];
const number = fc.double({ min: -1e9, max: 1e9, noNaN: true }).map((x) => x + 0); // no minus zero
const cell = fc.option(number, { nil: null, freq: 4 });
const row = fc.record({ x: cell, y: cell, skip: fc.nat(12), twice: fc.nat(15) });

interface Made {
  columns: { time: Date[]; group: string[]; x: (number | null)[]; y: (number | null)[] };
}

/** A table of one rhythm; the first rows of each series have no gap. */
function tableOf(
  lists: { x: number | null; y: number | null; skip: number; twice: number }[][],
  rhythm: number,
): Made {
  const columns: Made["columns"] = { time: [], group: [], x: [], y: [] };
  lists.forEach((rows, s) => {
    let n = 0;
    rows.forEach(({ x, y, skip, twice }, i) => {
      for (let copy = 0; copy < (twice === 0 ? 2 : 1); copy++) {
        columns.time.push(new Date(RHYTHMS[rhythm](n)));
        columns.group.push(`s${s}`);
        columns.x.push(x === null ? null : x + copy);
        columns.y.push(y);
      }
      n += i > 12 && skip === 0 ? 3 : 1;
    });
  });
  return { columns };
}

function gathered({ columns }: Made, options: SeriesOptions, head: number, chunk: number) {
  const names = [...new Set(columns.group)];
  const order = columns.time
    .map((time, row) => ({ row, time: time.getTime(), series: names.indexOf(columns.group[row]) }))
    .sort((a, b) => a.series - b.series || a.time - b.time || a.row - b.row);
  const parts: Steps[] = [];
  const gatherer = new Gatherer(
    {
      ...{ file: "the table", features: ["x", "y"], timed: true, isDate: true, head },
      series: names.map((name) => ({ name, rows: columns.group.filter((g) => g === name).length })),
      missing: options.missing ?? "forward",
      duplicates: options.duplicates ?? "refuse",
      irregular: options.irregular ?? "refuse",
    },
    (steps) =>
      parts.push({
        times: steps.times.slice(),
        values: steps.values.slice(),
        observed: steps.observed.slice(),
      }),
  );
  for (let at = 0; at < order.length; at += chunk) {
    const some = order.slice(at, at + chunk);
    gatherer.add({
      count: some.length,
      series: some.map(({ series }) => series),
      times: some.map(({ time }) => time),
      lines: some.map(({ row }) => row + 1),
      values: Float64Array.from(
        some.flatMap(({ row }) => [columns.x[row] ?? Number.NaN, columns.y[row] ?? Number.NaN]),
      ),
    });
  }
  gatherer.finish();
  const all = (part: "times" | "values" | "observed") => parts.flatMap((p) => [...p[part]]);
  return {
    outlines: gatherer.outlines,
    steps: [all("times"), all("values"), all("observed")],
    cells: gatherer.cells,
    seen: gatherer.seen,
  };
}

test("sorted rows become the steps of readSeries: gaps, repeats, missing cells, groups", () => {
  const policies = fc.record({
    missing: fc.constantFrom("forward" as const, "drop" as const, "refuse" as const),
    duplicates: fc.constantFrom("refuse" as const, "mean" as const, "last" as const),
  });
  const lists = fc.array(fc.array(row, { minLength: 20, maxLength: 40 }), {
    minLength: 1,
    maxLength: 3,
  });
  let agreed = 0;
  fc.assert(
    fc.property(
      ...[lists, fc.nat(RHYTHMS.length - 1), policies, fc.nat(20), fc.integer({ min: 1, max: 50 })],
      (lists, rhythm, policies, more, chunk) => {
        const made = tableOf(lists, rhythm);
        const group = lists.length > 1 ? "group" : null;
        const roles = { time: "time", target: ["x", "y"], group };
        const memory = outcome(() => {
          const set = readSeries(tableFromColumns(made.columns), { ...roles, ...policies });
          const join = (part: "times" | "values" | "observed") =>
            set.series.flatMap((one) => [...one[part]]);
          const { series } = archiveOf(set);
          const observed = join("observed");
          agreed++;
          return {
            outlines: group ? series : series.map((one) => ({ ...one, name: "s0" })),
            steps: [join("times"), join("values"), observed],
            cells: observed.length,
            seen: observed.reduce((a, b) => a + b, 0),
          };
        });
        expect(outcome(() => gathered(made, policies, 12 + more, chunk))).toEqual(memory);
      },
    ),
    { numRuns: 200 },
  );
  expect(agreed).toBeGreaterThan(40); // and were not only refused alike
});

test("a row off the rhythm is refused after the head as in it", () => {
  const rows = Array.from({ length: 30 }, () => ({ x: 1, y: 2, skip: 1, twice: 1 }));
  const made = tableOf([rows], 1);
  made.columns.time[25] = new Date(RHYTHMS[1](25) + 9 * HOUR);
  expect(outcome(() => gathered(made, {}, 12, 7))).toBe("series-irregular");
  expect(outcome(() => gathered(made, {}, 30, 7))).toBe("series-irregular");
  expect(outcome(() => gathered(made, { irregular: "keep" }, 12, 7))).toBe("stream-irregular");
  expect(gathered(made, { irregular: "keep" }, 30, 7).outlines[0].length).toBe(30);
});

test("a wrong year is refused before its gap is filled", () => {
  const made = tableOf([Array.from({ length: 30 }, () => ({ x: 1, y: 2, skip: 1, twice: 1 }))], 0);
  made.columns.time[29] = new Date(Date.UTC(9020, 0, 1));
  expect(outcome(() => gathered(made, {}, 12, 30))).toBe("series-sparse");
});

test("windows by number are the windows of a list", () => {
  const part = fc.record({ series: fc.nat(3), start: fc.nat(30), length: fc.nat(30) });
  fc.assert(
    fc.property(
      fc.array(part, { minLength: 1, maxLength: 5 }),
      fc.nat(6),
      fc.nat(6),
      (list, i, h) => {
        const parts = list.map(({ series, start, length }) => ({
          series,
          start,
          end: start + length,
        }));
        const [input, horizon] = [i + 1, h + 1];
        const ranges = rangesOf(parts, { input, horizon });
        const source = { series: [], features: [], targets: 1 };
        const listed = outcome(() => {
          const { series, first, count } = makeWindows(source, parts, { input, horizon });
          return { series, first, count };
        });
        const every = Array.from({ length: ranges.count }, (_, w) => w);
        expect(ranges.count ? ranges.at(every) : "windows-none").toEqual(listed);
      },
    ),
  );
});

test("an epoch in blocks has every sample once, and few stretches of the file in each chunk", () => {
  const sizes = { chunk: 64, block: 8 };
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 700 }), fc.nat(99), fc.nat(3), (count, seed, epoch) => {
      const order = blockOrder(count, seed, epoch, sizes);
      const all = Array.from({ length: count }, (_, i) => order(i));
      expect([...all].sort((a, b) => a - b)).toEqual(all.map((_, i) => i));
      if (count <= sizes.chunk) expect(all).toEqual([...permutation(count, seed, epoch)]);
      const blocks = new Set(all.slice(0, sizes.chunk).map((i) => Math.floor(i / sizes.block)));
      expect(blocks.size).toBeLessThanOrEqual(sizes.chunk / sizes.block);
      // Any of them can be asked for at any time.
      expect(blockOrder(count, seed, epoch, sizes)(count - 1)).toBe(all[count - 1]);
    }),
  );
  const first = Array.from({ length: 640 }, (_, i) => blockOrder(640, 1, 0, sizes)(i));
  const second = Array.from({ length: 640 }, (_, i) => blockOrder(640, 1, 1, sizes)(i));
  expect(second).not.toEqual(first);
  expect(new Set(first.slice(0, 64).map((i) => i >> 6)).size).toBeGreaterThan(3); // chunks mix
});

test("picked series keep their steps", () => {
  const made = tableOf(
    [1, 2, 3].map((x) => Array.from({ length: 20 }, () => ({ x, y: 0, skip: 1, twice: 1 }))),
    1,
  );
  const table = tableFromColumns(made.columns);
  const set = readSeries(table, { time: "time", target: "x", group: "group" });
  const picked = pickSeries(archiveOf(set), [2, 0]);
  expect(picked.series.map(({ name }) => name)).toEqual(["s2", "s0"]);
  expect([0, 1].map((s) => picked.read(s, 3, 4).values[0])).toEqual([3, 1]);
});

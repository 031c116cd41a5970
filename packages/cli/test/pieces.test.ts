/** What a cell means in SQL is what the library takes it for: times, numbers, names, whole series. */
import { writeFileSync } from "node:fs";
import { DuckDBInstance } from "@duckdb/node-api";
import { archiveOf, readSeries, readTable, type SeriesArchive } from "retrograd/data";
import { expect, test } from "vitest";
import { readParquet } from "../src/read/duckdb.ts";
import { openSeries } from "../src/read/series.ts";
import { place } from "./command.ts";

/** All that an archive holds. */
const contents = ({ series, read, notes: _, file: __, ...rest }: SeriesArchive) => ({
  ...rest,
  series: series.map((one, s) => ({ ...one, steps: read(s, 0, one.length) })),
});

const day = (n: number) => new Date(Date.UTC(2023, 0, 28 + n));
const hour = (n: number) => new Date(Date.UTC(2023, 0, 28, n));
const two = (n: number) => String(n).padStart(2, "0");
const parts = (date: Date) => {
  const [y, m, d] = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()];
  return { y, m: two(m), d: two(d) };
};
const written: Record<string, (n: number) => string> = {
  "YYYY-MM-DD": (n) => day(n).toISOString().slice(0, 10),
  "YYYY-MM-DD HH:MM": (n) => hour(n).toISOString().slice(0, 16).replace("T", " "),
  "ISO with a zone": (n) => `${hour(n).toISOString().slice(0, 19)}+02:00`,
  "ISO with Z": (n) => hour(n).toISOString(),
  "MM/DD/YYYY": (n) => (({ y, m, d }) => `${m}/${d}/${y}`)(parts(day(n))),
  "DD.MM.YYYY": (n) => (({ y, m, d }) => `${d}.${m}.${y}`)(parts(day(n))),
  "DD.MM.YYYY HH:MM": (n) =>
    (({ y, m, d }) => `${d}.${m}.${y} ${two(n % 24)}:00`)(parts(day(Math.floor(n / 24)))),
  "YYYY-MM": (n) => `${2000 + Math.floor(n / 12)}-${two((n % 12) + 1)}`,
  YYYYMMDD: (n) => (({ y, m, d }) => `${y}${m}${d}`)(parts(day(n))),
  YYYY: (n) => String(1900 + n),
  "epoch seconds": (n) => String(1.7e9 + 60 * n),
  "epoch milliseconds": (n) => String(1.7e12 + 250 * n),
  numbers: (n) => String(0.5 * n - 3),
};

test.each(Object.entries(written))("times as %s", async (_, write) => {
  const rows = Array.from({ length: 80 }, (_, n) => `${write(n)},${(n * 37) % 11}`);
  const path = place("times.csv");
  const text = `time,y\n${rows.join("\n")}\n`;
  writeFileSync(path, text);
  const options = { time: "time", target: "y" };
  const { archive, close } = await openSeries(path, "table", options);
  expect(contents(archive)).toEqual(contents(archiveOf(readSeries(readTable(text), options))));
  close();
});

test("cells: signs, exponents, blanks, quotes, and every way to say that there is none", async () => {
  const cells = ["1", "-2.50", "+3", ".5", "6.", "1e-3", "-0", " 7 ", '"8"', "NA", "n/a", "nan"];
  const none = ["null", "None", ".", "?", "", '" "'];
  const text = `n,y\n${[...cells, ...none, "9"].map((cell, n) => `${n},${cell}`).join("\n")}\n`;
  const path = place("cells.csv");
  writeFileSync(path, text);
  const options = { time: "n", target: "y" };
  const { archive, close } = await openSeries(path, "table", options);
  expect(contents(archive)).toEqual(contents(archiveOf(readSeries(readTable(text), options))));
  close();
});

test("semicolons and decimal commas", async () => {
  const rows = Array.from(
    { length: 40 },
    (_, n) => `2024-01-${two((n % 31) + 1)};${n},25;g${n > 30}`,
  );
  const text = `day;y;name\n${rows.join("\n")}\n`;
  const path = place("commas.csv");
  writeFileSync(path, text);
  const options = { time: "day", target: "y", group: "name" };
  const { archive, close } = await openSeries(path, "table", options);
  expect(contents(archive)).toEqual(contents(archiveOf(readSeries(readTable(text), options))));
  close();
});

const types: Record<string, string> = {
  timestamp: "TIMESTAMP '2024-01-01' + INTERVAL 1 HOUR * i",
  "timestamp with zone": "(TIMESTAMP '2024-01-01' + INTERVAL 1 HOUR * i)::TIMESTAMPTZ",
  nanoseconds: "(TIMESTAMP '2024-01-01' + INTERVAL 1 HOUR * i)::TIMESTAMP_NS",
  date: "DATE '2024-01-01' + i::INTEGER",
  bigint: "1700000000 + 3600 * i",
  text: "strftime(DATE '2024-01-01' + i::INTEGER, '%Y-%m-%d')",
};
test.each(Object.entries(types))(
  "Parquet with times as %s, and numbers of all kinds",
  async (_, time) => {
    const path = place("types.parquet");
    const connection = await (await DuckDBInstance.create(":memory:")).connect();
    const some = "CASE WHEN i % 7 = 3 THEN NULL ELSE";
    await connection.run(
      `COPY (SELECT ${time} AS "the time", i::FLOAT / 3 AS f, ${some} i::DECIMAL(18, 3) / 8 END AS d,
      i % 2 = 0 AS b, i::UTINYINT AS u, ${some} 9007199254740993 + i END AS big,
      CASE WHEN i = 5 THEN 'nan'::DOUBLE ELSE -0.0 END AS z, i % 4 || '.5' AS text
      FROM range(60) t(i)) TO '${path}' (FORMAT parquet)`,
    );
    const covariates = ["d", "b", "u", "big", "z", "text"];
    const options = { time: "the time", target: "f", covariates };
    const { archive, close } = await openSeries(path, "parquet", options);
    const whole = archiveOf(readSeries(await readParquet(path), options));
    expect(contents(archive)).toEqual(contents(whole));
    close();
    connection.closeSync();
  },
);

test("cells of many lines, where the first bytes end within one", async () => {
  const path = place("verses.csv");
  const rows = Array.from({ length: 3000 }, (_, n) => `${n},${n % 7},"${"a line\n".repeat(80)}"`);
  const text = `t,y,verse\n${rows.join("\n")}\n`;
  writeFileSync(path, text);
  const options = { time: "t", target: "y" };
  const { archive, close } = await openSeries(path, "table", options);
  expect(contents(archive)).toEqual(contents(archiveOf(readSeries(readTable(text), options))));
  close();
});

test("a line with too many cells is refused with its line", async () => {
  const path = place("ragged.csv");
  const rows = Array.from(
    { length: 90_000 },
    (_, n) => `${n},${n === 80_000 ? "1,2,3" : n % 9},${"x".repeat(20)}`,
  );
  writeFileSync(path, `t,y,name\n${rows.join("\n")}\n`);
  const read = openSeries(path, "table", { time: "t", target: "y" });
  await expect(read).rejects.toThrow(/80002[\s\S]*\(source-unreadable\)/);
});

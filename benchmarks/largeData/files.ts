/** Files of a size: a text of words, and a table of ten sites by the hour, as CSV and as Parquet. */
import { closeSync, openSync, statSync, writeSync } from "node:fs";
import { DuckDBInstance } from "@duckdb/node-api";
import { threefry } from "retrograd/data";

const MB = 1 << 20;
const WORDS =
  "the sea is wide and deep but the sky above it is wider still, größer, 更宽 and blue".split(" ");
/** Bytes of a row of the table in each form, as found. */
const BYTES = { csv: 42.7, parquet: 12.1 } as const;

/** A text of words by chance, in lines. */
export function writeText(path: string, megabytes: number): void {
  const file = openSync(path, "w");
  for (let part = 0; part < megabytes; ) {
    const words = Array.from({ length: 1 << 15 }, (_, i) => {
      const [bits] = threefry([7, part], [i, 0]);
      return WORDS[bits % WORDS.length] + (bits % 97 < 8 ? "\n" : "");
    });
    writeSync(file, words.join(" "));
    part = Math.floor(statSync(path).size / MB);
  }
  closeSync(file);
}

/** A wave of a day with noise, and a helper that is missing now and then; gives the rows. */
export async function writeTable(
  path: string,
  form: "csv" | "parquet",
  megabytes: number,
): Promise<number> {
  const rows = 10 * Math.round((megabytes * MB) / BYTES[form] / 10);
  const instance = await DuckDBInstance.create(":memory:", { memory_limit: "256MB", threads: "2" });
  const connection = await instance.connect();
  await connection.run(
    `COPY (SELECT TIMESTAMP '1900-01-01' + INTERVAL 1 MINUTE * (i // 10) AS at, 'g' || i % 10 AS site,
      round(10 + 3 * sin((i // 10) / 720.0 * pi()) + hash(i) / 18446744073709551615.0, 9) AS y,
      CASE WHEN hash(i + 7) % 50 = 0 THEN NULL ELSE round(cos(i / 50), 4) END AS x
      FROM range(${rows}) t(i)) TO '${path}' (FORMAT ${form === "csv" ? "csv, HEADER" : form})`,
  );
  connection.closeSync();
  instance.closeSync();
  return rows;
}

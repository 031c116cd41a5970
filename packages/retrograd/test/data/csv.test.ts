/** CSV: whatever is written is read back, and every dialect and defect is met. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatCsv, parseCsv } from "../../src/data/csv.ts";

const cell = fc.oneof(
  fc.string(),
  fc.string({ unit: fc.constantFrom('"', ",", ";", "\n", "\r", "\t", "a", " ", "é", "1") }),
);
const separator = fc.constantFrom("," as const, ";" as const, "\t" as const);

describe("round trip", () => {
  test("any cells, with any separator, come back as they were", () => {
    const table = fc
      .tuple(fc.integer({ min: 2, max: 5 }), fc.integer({ min: 1, max: 6 }))
      .chain(([width, rows]) =>
        fc.array(fc.array(cell, { minLength: rows, maxLength: rows }), {
          minLength: width,
          maxLength: width,
        }),
      );
    fc.assert(
      fc.property(table, separator, (columns, separator) => {
        const names = columns.map((_, c) => `name ${c}`);
        const text = formatCsv(names, columns, separator);
        const csv = parseCsv(text, { separator, header: true });
        expect(csv.names).toEqual(names);
        expect(csv.columns).toEqual(columns);
      }),
    );
  });

  test("numbers come back, with separator and header found", () => {
    const column = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), {
      minLength: 3,
      maxLength: 3,
    });
    fc.assert(
      fc.property(fc.tuple(column, column), separator, (columns, separator) => {
        const csv = parseCsv(formatCsv(["x", "y"], columns, separator));
        expect(csv.separator).toBe(separator);
        expect(csv.header).toBe(true);
        expect(csv.columns.map((cells) => cells.map(Number))).toEqual(
          columns.map((numbers) => numbers.map((x) => x + 0)),
        );
      }),
    );
  });

  test("line numbers count the breaks inside quotes", () => {
    const csv = parseCsv('a,b\r\n"one\r\ntwo",1\r\n\r\n"x\ny\nz",2\r\nlast,3');
    expect(csv.columns[0]).toEqual(["one\r\ntwo", "x\ny\nz", "last"]);
    expect(csv.lines).toEqual([2, 5, 8]);
  });
});

describe("dialects", () => {
  test("a byte order mark and CRLF are no part of the cells", () => {
    const csv = parseCsv("\uFEFFx,y\r\n1,2\r\n");
    expect(csv.names).toEqual(["x", "y"]);
    expect(csv.columns).toEqual([["1"], ["2"]]);
  });
  test("old Macintosh line ends", () => {
    expect(parseCsv("x,y\r1,2\r3,4\r").columns).toEqual([
      ["1", "3"],
      ["2", "4"],
    ]);
  });
  test("decimal commas between semicolons", () => {
    const csv = parseCsv("t;y\n1;1,5\n2;2,5\n");
    expect([csv.separator, csv.decimal]).toEqual([";", ","]);
  });
  test("points between semicolons stay points", () => {
    expect(parseCsv("t;y\n1;1.5\n2;2.5\n").decimal).toBe(".");
  });
  test("a separator inside quotes is not counted", () => {
    const csv = parseCsv('"a;b;c",n\n"d;e;f",1\n"g",2\n');
    expect(csv.separator).toBe(",");
  });
  test("one column needs no separator, and a blank line in it is a missing cell", () => {
    const csv = parseCsv("y\n1\n\n3\n\n\n");
    expect(csv.columns).toEqual([["1", "", "3"]]);
    expect(csv.lines).toEqual([2, 3, 4]);
  });
  test("the last cell of a row may be empty", () => {
    expect(parseCsv("x,y\n1,\n2,").columns[1]).toEqual(["", ""]);
  });
});

describe("headers", () => {
  const header = (text: string) => parseCsv(text).header;
  test("words over numbers or dates", () => {
    expect(header("date,value\n2000-01-01,1\n")).toBe(true);
    expect(header("city,n\nRome,1\nOslo,2\n")).toBe(true);
  });
  test("numbers from the first row on", () => {
    expect(header("1,2\n3,4\n")).toBe(false);
    expect(header("2000-01-01,1\n2000-01-02,2\n")).toBe(false);
    expect(parseCsv("1,2\n3,4\n").names).toEqual(["column1", "column2"]);
  });
  test("words over words", () => {
    expect(header("name,town\nAda,London\nEmmy,Erlangen\n")).toBe(true);
  });
  test("an empty name over a rising index, as data frames write it", () => {
    expect(header(",0\n1821,269\n1822,321\n1823,585\n")).toBe(true);
    expect(header(",5\n3,6\n1,7\n")).toBe(false);
  });
  test("a missing first cell of numbers is no name", () => {
    expect(header("NA,1\n2,3\n4,5\n")).toBe(false);
  });
});

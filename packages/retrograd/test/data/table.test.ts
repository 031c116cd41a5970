/** Tables: types are inferred from all cells, dates in every written form, and strays are named. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatTime } from "../../src/data/dates.ts";
import { describeTable, findNumbers, readTable, tableFromColumns } from "../../src/data/table.ts";

const utc = (...parts: [number, number, number?, number?, number?, number?]) => Date.UTC(...parts);
const column = (cells: string[], name = "date", options = {}) =>
  tableFromColumns({ [name]: cells }, options).columns[0];

describe("numbers and text", () => {
  test("missing markers are NaN, and counted", () => {
    const [y] = readTable("x,y\na,1\nb,NA\nc,\nd,?\ne,.\nf,NaN\ng,null\nh,-2e3\n").columns.slice(1);
    expect(y.type).toBe("number");
    expect([...y.values]).toEqual([1, ...Array(6).fill(Number.NaN), -2000]);
    expect(y.summary).toEqual({ missing: 6, distinct: 2, min: -2000, max: 1 });
  });
  test("decimal commas", () => {
    const table = readTable("t;y\n1;1,5\n2;-2,25\n");
    expect(Array.from(findNumbers(table, "y"))).toEqual([1.5, -2.25]);
  });
  test("a given type or marker overrules", () => {
    const text = "id,y\n1,5\n2,x\n3,6\n";
    expect(
      readTable(text, { types: { y: "text", id: "text" } }).columns.map((c) => c.type),
    ).toEqual(["text", "text"]);
    expect(readTable(text, { missing: ["x"] }).columns[1].summary.missing).toBe(1);
    expect(readTable(`${text}4,NA\n`, { missing: ["x"] }).columns[1].summary.missing).toBe(2);
  });
  test("mixed codes are text", () => {
    expect(column(["A1", "2", "B3", "4"], "code").type).toBe("text");
  });
  test("any finite double survives", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 }),
        (xs) => {
          const table = tableFromColumns({ x: xs });
          expect(Array.from(findNumbers(table, "x"))).toEqual(xs.map((x) => x + 0));
        },
      ),
    );
  });
});

describe("dates", () => {
  const cases: [string, string, number][] = [
    ["2000-03-01", "YYYY-MM-DD", utc(2000, 2, 1)],
    ["2000/3/1", "YYYY/MM/DD", utc(2000, 2, 1)],
    ["2000-03-01 04:05", "YYYY-MM-DD", utc(2000, 2, 1, 4, 5)],
    ["2000-03-01T04:05:06.250Z", "YYYY-MM-DD", utc(2000, 2, 1, 4, 5, 6) + 250],
    ["2000-03-01T04:05:06+02:00", "YYYY-MM-DD", utc(2000, 2, 1, 2, 5, 6)],
    ["3/25/2000", "MM/DD/YYYY", utc(2000, 2, 25)],
    ["3/25/2000 1:02 PM", "MM/DD/YYYY", utc(2000, 2, 25, 13, 2)],
    ["25/03/2000", "DD/MM/YYYY", utc(2000, 2, 25)],
    ["01.03.2000", "DD.MM.YYYY", utc(2000, 2, 1)],
    ["2000-03", "YYYY-MM", utc(2000, 2, 1)],
    ["2000M3", "YYYY-MM", utc(2000, 2, 1)],
    ["2000Q2", "YYYY-QN", utc(2000, 3, 1)],
    ["2000-Q2", "YYYY-QN", utc(2000, 3, 1)],
    ["Jan 1 2000", "Month D YYYY", utc(2000, 0, 1)],
    ["March 2nd, 2000", "Month D YYYY", utc(2000, 2, 2)],
    ["Sept 2000", "Month D YYYY", utc(2000, 8, 1)],
    ["2-Mar-2000", "D Month YYYY", utc(2000, 2, 2)],
    ["20000301", "YYYYMMDD", utc(2000, 2, 1)],
    ["1871", "YYYY", utc(1871, 0, 1)],
    ["951868800", "epoch seconds", utc(2000, 2, 1)],
    ["951868800000", "epoch milliseconds", utc(2000, 2, 1)],
  ];
  test.each(cases)("%s is %s", (cell, format, time) => {
    const date = column([cell]);
    expect(date).toMatchObject({ type: "date", format });
    expect(date.values[0]).toBe(time);
  });

  test("the calendar is kept: no 30 February, no 29 February 1900", () => {
    expect(column(["2000-02-30"]).type).toBe("text");
    expect(column(["1900-02-29"]).type).toBe("text");
    expect(column(["2000-02-29"]).type).toBe("date");
  });

  test("day and month are told apart by the data", () => {
    const first = (cells: string[]) => formatTime(Number(column(cells).values[0]));
    expect(first(["01/02/2000", "13/02/2000"])).toBe("2000-02-01");
    expect(first(["01/02/2000", "02/13/2000"])).toBe("2000-01-02");
    // Only one reading is in order of time, forwards or backwards.
    expect(first(["10/01/2000", "11/01/2000", "01/02/2000"])).toBe("2000-01-10");
    expect(first(["01/02/2000", "11/01/2000", "10/01/2000"])).toBe("2000-02-01");
    // Firsts of months for more than a year.
    const months = Array.from(
      { length: 24 },
      (_, m) => `01/${(m % 12) + 1}/${2000 + Math.floor(m / 12)}`,
    );
    expect(formatTime(Number(column(months).values[1]))).toBe("2000-02-01");
    expect(first(["03/03/2000"])).toBe("2000-03-03");
  });
  test("else by the option", () => {
    const cells = ["01/02/2000", "02/03/2000"];
    const read = (dateOrder: string) =>
      formatTime(Number(column(cells, "d", { dateOrder }).values[0]));
    expect([read("day-first"), read("month-first")]).toEqual(["2000-02-01", "2000-01-02"]);
  });

  test("digits are dates only where the name or place speaks for it", () => {
    const types = (text: string) => readTable(text).columns.map(({ type }) => type);
    expect(types("year,volume\n1871,1120\n1872,1160\n")).toEqual(["date", "number"]);
    expect(types("volume,level\n1120,1871\n1160,1872\n963,1873\n")).toEqual(["number", "number"]);
    expect(types("price,n\n1500,1\n1400,2\n")).toEqual(["number", "number"]);
  });

  test("any time is read back as it is shown", () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date("1000-01-01"), max: new Date("2999-12-31"), noInvalidDate: true }),
        (date) => {
          expect(column([formatTime(date.getTime())]).values[0]).toBe(date.getTime());
        },
      ),
    );
  });
});

test("columns of another reader keep their values", () => {
  const table = tableFromColumns({
    when: [new Date(0), null, new Date(86_400_000)],
    n: [1n, 2, undefined],
    on: [true, false, null],
  });
  expect(table.columns.map(({ type }) => type)).toEqual(["date", "number", "number"]);
  expect(table.columns.map(({ values }) => [...values])).toEqual([
    [0, Number.NaN, 86_400_000],
    [1, 2, Number.NaN],
    [1, 0, Number.NaN],
  ]);
});

test("a table in one line", () => {
  const text = "day,price,shop,void\n2000-01-01,1.5,a,\n2000-01-02,,b,\n2000-01-03,2,a,\n";
  expect(describeTable(readTable(text, { file: "shop.csv" }))).toBe(
    "shop.csv: 3 rows; day (dates 2000-01-01 … 2000-01-03), " +
      "price (numbers 1.5 … 2, 1 missing), shop (text, 2 values), void (empty)",
  );
});

/**
 * From sorted rows to steps on a grid, row by row: what `readSeries` does to a table, for tables
 * that pass by once. Of each series the first rows show its rhythm, and from then on a step leaves
 * as soon as its row has come. The steps are those of `readSeries`, to the bit.
 */
import { fail } from "../errors/data.ts";
import { keptGrid, refuseSparse, timeBetween } from "./align.ts";
import type { Outline } from "./archive.ts";
import { showTime } from "./dates.ts";
import { Filler, type FillOptions, type StepSink } from "./filler.ts";
import { type Grid, inferFrequency, stepsBetween, usualRhythm } from "./frequency.ts";

/** Rows in order: by series, then by time, then as they stand in the file. */
export interface SortedRows {
  readonly count: number;
  /** [count]: number of each row's series; rises. */
  readonly series: ArrayLike<number>;
  /** [count]: milliseconds since 1970, or numbers; of no meaning where the order is time. */
  readonly times: ArrayLike<number>;
  /** [count]: line or number of each row in its file. */
  readonly lines: ArrayLike<number>;
  /** [count, features]: NaN where missing. */
  readonly values: Float64Array;
}

export interface GatherOptions extends FillOptions {
  /** Name of each series, and how many rows it has. */
  readonly series: readonly { readonly name: string; readonly rows: number }[];
  /** Whether rows have times; else their order is time. */
  readonly timed: boolean;
  readonly duplicates: "refuse" | "mean" | "last";
  readonly irregular: "refuse" | "keep";
  /** Rows that show the rhythm of a series: 65,536. */
  readonly head?: number;
}

/** Rows of one time, as one. */
interface Row {
  time: number;
  line: number;
  /** [features]: sums of the known values, and how many there were. */
  readonly sums: number[];
  readonly counts: number[];
}

/** Gathers the rows of one series after the other. */
export class Gatherer {
  readonly #options: GatherOptions;
  readonly #sink: StepSink;
  readonly outlines: Outline[] = [];
  #open: OneSeries | undefined;
  #number = -1;
  /** Cells of all steps, and those that were observed. */
  cells = 0;
  seen = 0;

  constructor(options: GatherOptions, sink: StepSink) {
    this.#options = options;
    this.#sink = sink;
  }

  /** @throws what `readSeries` throws of times and missing values; "stream-irregular" */
  add({ count, series, times, lines, values }: SortedRows): void {
    const width = this.#options.features.length;
    for (let i = 0; i < count; i++) {
      if (series[i] !== this.#number) {
        this.#close();
        this.#number = series[i];
        this.#open = new OneSeries(this.#options, this.#number, this.#sink);
      }
      this.#open!.add(times[i], lines[i], values.subarray(i * width, (i + 1) * width));
    }
  }

  finish(): void {
    this.#close();
  }

  #close(): void {
    if (!this.#open) return;
    const { outline, cells, seen } = this.#open.finish();
    this.outlines.push(outline);
    this.cells += cells;
    this.seen += seen;
    this.#open = undefined;
  }
}

class OneSeries {
  readonly #options: GatherOptions;
  readonly #name: string;
  /** Rows that the file has of it. */
  readonly #rows: number;
  readonly #filler: Filler;
  /** The row that further rows of the same time may still join. */
  #pending: Row | undefined;
  /** Rows that came, and those that went on, times merged. */
  #added = 0;
  #merged = 0;
  /** Until the rhythm is known. */
  #head: Row[] = [];
  #grid: Grid | undefined;
  #place = 0;
  #last = Number.NaN;

  constructor(options: GatherOptions, number: number, sink: StepSink) {
    const { name, rows } = options.series[number];
    this.#options = options;
    this.#name = name;
    this.#rows = rows;
    this.#filler = new Filler(options, name, sink);
  }

  add(given: number, line: number, values: Float64Array): void {
    const { timed, duplicates, file } = this.#options;
    const pending = this.#pending;
    const time = timed ? given : this.#added++;
    if (pending?.time !== time) {
      this.#pass();
      this.#pending = rowOf(time, line, values);
    } else if (duplicates === "mean") addTo(pending, values);
    else if (duplicates === "last") this.#pending = rowOf(time, line, values);
    else {
      const shown = this.#show(time);
      const lines = [pending.line, line];
      fail("series-duplicate-time", { file, series: this.#name, time: shown, lines });
    }
  }

  finish() {
    this.#pass();
    if (!this.#grid) this.#findGrid();
    this.#refuseSparse(this.#place + 1, this.#merged);
    return this.#filler.finish(this.#grid!.frequency);
  }

  /** The pending row goes on. */
  #pass(): void {
    const row = this.#pending;
    if (!row) return;
    this.#pending = undefined;
    this.#merged++;
    if (this.#grid) this.#step(row);
    else if (this.#head.push(row) === (this.#options.head ?? 1 << 16)) this.#findGrid();
  }

  /** The rhythm of the first rows, which then go on. @throws "series-irregular" */
  #findGrid(): void {
    const rows = this.#head;
    this.#head = [];
    const times = Float64Array.from(rows, ({ time }) => time);
    const { isDate, irregular } = this.#options;
    const grid = inferFrequency(times, isDate);
    if (!("misses" in grid)) this.#grid = grid;
    else if (irregular === "keep") this.#grid = keptGrid(times);
    else {
      const at = grid.misses;
      this.#refuseIrregular(rows[at], times[at - 1], usualRhythm(times, isDate), rows.length);
    }
    rows.forEach((row, i) => {
      this.#emit(row, this.#grid!.places[i]);
    });
  }

  /** A row after the head. */
  #step(row: Row): void {
    const grid = this.#grid!;
    const kept = grid.step === 0 && grid.frequency.unit === "row";
    const steps = kept ? 1 : stepsBetween(grid, this.#last, row.time);
    if (Number.isNaN(steps))
      this.#refuseIrregular(row, this.#last, grid.frequency.name, this.#merged);
    this.#emit(row, this.#place + steps);
  }

  #emit({ time, sums, counts }: Row, place: number): void {
    this.#refuseSparse(place + 1, this.#rows);
    const { frequency: rhythm } = this.#grid!;
    const gap = place - this.#place;
    for (let t = 1; t < gap; t++)
      this.#filler.add(timeBetween(rhythm, this.#options.isDate, [this.#last, time], t, gap));
    this.#filler.add(time, sums, counts);
    this.#place = place;
    this.#last = time;
  }

  #refuseSparse(steps: number, rows: number): void {
    refuseSparse({ file: this.#options.file, series: this.#name }, this.#grid!, rows, steps);
  }

  #refuseIrregular({ time, line }: Row, before: number, rhythm: string, rows: number): never {
    const { file, irregular } = this.#options;
    const place = { file, series: this.#name, line, rhythm };
    const times = { before: this.#show(before), now: this.#show(time) };
    if (irregular === "keep") fail("stream-irregular", { ...place, ...times, rows });
    return fail("series-irregular", { ...place, ...times });
  }

  #show = (time: number) => showTime(time, this.#options.isDate);
}

function rowOf(time: number, line: number, values: Float64Array): Row {
  const row: Row = { time, line, sums: [], counts: [] };
  for (let f = 0; f < values.length; f++) {
    row.sums.push(0);
    row.counts.push(0);
  }
  addTo(row, values);
  return row;
}

function addTo({ sums, counts }: Row, values: Float64Array): void {
  for (let f = 0; f < values.length; f++) {
    if (Number.isNaN(values[f])) continue;
    // The first known value as it is: minus zero stays minus zero.
    sums[f] = counts[f]++ ? sums[f] + values[f] : values[f];
  }
}

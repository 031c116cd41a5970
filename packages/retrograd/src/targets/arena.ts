/**
 * A program whose values lie in one arena per shard: numbers are copied in, code that was printed
 * for these offsets runs, numbers are copied out. What is the same for every target that has
 * compiled code. The shards run the same code, so a value lies at the same offset in each arena:
 * what goes by rows is cut among them, all else is written to each and read from the first.
 */
import { fail } from "../errors.ts";
import type { Compiled } from "../nest/compile.ts";
import { workIn } from "../nest/explain.ts";
import { type Buffer, resolve } from "../nest/nest.ts";
import type { CompileOptions, Footprint, Program, Ranks, Sharding } from "../nest/program.ts";
import { segmentsOf } from "../nest/segments.ts";
import type { Data } from "../scalar/dtype.ts";

/** Code beside the memory that it works in. */
export interface Loaded {
  readonly buffer: ArrayBufferLike;
  /** Byte at which the arena of each shard begins; one, where the others are other processes. */
  readonly starts: readonly number[];
  /** What is derived from residents, after one was written. */
  setup(): void;
  /** All of a call; or its parts, between which ranks add up. */
  readonly run: readonly (() => void)[];
}

/** What the program of what was compiled takes. */
export const footprintOf = (compiled: Compiled, { shards }: CompileOptions): Footprint => ({
  bytes: compiled.peakBytes * threadsOf(shards),
  flops: workIn(compiled.schedule).flops,
});

/** A value of the program: its part in each arena. */
class Place {
  readonly #parts: readonly Data[];
  readonly #byRows: boolean;
  readonly #ranks: Ranks | undefined;
  constructor(parts: readonly Data[], byRows: boolean, ranks?: Ranks) {
    this.#parts = parts;
    this.#byRows = byRows;
    this.#ranks = ranks;
  }
  set(data: Data): void {
    this.#parts.forEach((part, shard) => {
      const own = part.length,
        k = this.#ranks?.rank ?? shard;
      part.set(this.#byRows ? data.subarray(k * own, (k + 1) * own) : data);
    });
  }
  get(): Data {
    const [first] = this.#parts;
    if (this.#byRows && this.#ranks) return this.#ranks.join(first);
    if (!this.#byRows || this.#parts.length === 1) return first.slice();
    const all = new (first.constructor as new (n: number) => Data)(
      first.length * this.#parts.length,
    );
    this.#parts.forEach((part, k) => all.set(part, k * first.length));
    return all;
  }
}

/** Shards that run in this process. */
export const threadsOf = (shards: Sharding | undefined): number =>
  shards && !shards.ranks ? shards.count : 1;

/**
 * Memory of so many bytes, as `make` asks the engine for it.
 * @throws "out-of-memory" where the engine has none left
 */
export function granted<T>(bytes: number, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof RangeError) fail("out-of-memory", { needed: bytes, limit: undefined });
    throw error;
  }
}

const without = (list: readonly unknown[], places: readonly number[]): number[] =>
  [...list.keys()].filter((i) => !places.includes(i));

/**
 * The program of what was compiled; `load` makes the memory and the code.
 * @param most  bytes that the target can address
 * @param load  given the bytes of one arena
 * @throws "out-of-memory", before anything is loaded
 */
export function inArena(
  { schedule, inputs, outputs, peakBytes: bytes, explain }: Compiled,
  { memoryLimit = Infinity, resident = [], shards }: CompileOptions,
  most: number,
  load: (bytes: number) => Loaded,
): Program {
  const limit = Math.min(memoryLimit, most),
    ranks = shards?.ranks,
    peakBytes = bytes * threadsOf(shards);
  if (peakBytes > limit) fail("out-of-memory", { needed: peakBytes, limit });
  const { buffer, starts, setup, run } = load(bytes);
  const part = (b: Buffer, start: number): Data => {
    const at = start + resolve(b).offset!;
    const { dtype, length } = b;
    if (dtype === "float32") return new Float32Array(buffer, at, length);
    if (dtype === "float64") return new Float64Array(buffer, at, length);
    return new Int32Array(buffer, at, length);
  };
  const place = (b: Buffer, byRows = false): Place =>
    new Place(
      starts.map((start) => part(b, start)),
      byRows,
      ranks,
    );
  const sums = ranks ? segmentsOf(schedule).sums : [];
  const added = sums.map(({ buffers }) => buffers.map((b) => part(b, starts[0])));
  for (const b of schedule.buffers) if (b.kind === "constant") place(b).set(b.data!);
  const into = inputs.map((b, i) => place(b, shards?.inputs[i])),
    from = outputs.map((b, i) => place(b, shards?.outputs[i]));
  const given = without(
    inputs,
    resident.map(([i]) => i),
  );
  const returned = without(
    outputs,
    resident.map(([, o]) => o),
  );
  let stale = true;
  return {
    run(data) {
      for (const i of given) into[i].set(data[i]!);
      if (stale) setup();
      stale = false;
      run.forEach((segment, k) => {
        segment();
        if (added[k]) ranks!.sum(added[k]);
      });
      const out: (Data | undefined)[] = Array(outputs.length);
      for (const i of returned) out[i] = from[i].get();
      return out;
    },
    read(i) {
      return into[i].get();
    },
    write(i, data) {
      into[i].set(data);
      stale = true;
    },
    explain: () =>
      shards ? `${shards.count} ${ranks ? "ranks" : "shards"}, each:\n${explain()}` : explain(),
    peakBytes,
  };
}

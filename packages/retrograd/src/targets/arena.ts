/**
 * A program whose values lie in one arena: numbers are copied in, code that was printed for these
 * offsets runs, numbers are copied out. What is the same for every target that has compiled code.
 */
import { fail } from "../errors.ts";
import type { Compiled } from "../nest/compile.ts";
import { type Buffer, resolve } from "../nest/nest.ts";
import type { CompileOptions, Program } from "../nest/program.ts";
import type { Data } from "../scalar/dtype.ts";

/** Code beside the memory that it works in; the arena begins at byte `start`. */
export interface Loaded {
  readonly buffer: ArrayBuffer;
  readonly start: number;
  /** What is derived from residents, after one was written. */
  setup(): void;
  run(): void;
}

const without = (list: readonly unknown[], places: readonly number[]): number[] =>
  [...list.keys()].filter((i) => !places.includes(i));

/**
 * The program of what was compiled; `load` makes the memory and the code.
 * @param most  bytes that the target can address
 * @throws "out-of-memory", before anything is loaded
 */
export function inArena(
  { schedule, inputs, outputs, peakBytes, explain }: Compiled,
  { memoryLimit = Infinity, resident = [] }: CompileOptions,
  most: number,
  load: (bytes: number) => Loaded,
): Program {
  const limit = Math.min(memoryLimit, most);
  if (peakBytes > limit) fail("out-of-memory", { needed: peakBytes, limit });
  const { buffer, start, setup, run } = load(peakBytes);
  const place = (b: Buffer): Data => {
    const at = start + resolve(b).offset!;
    const { dtype, length } = b;
    if (dtype === "float32") return new Float32Array(buffer, at, length);
    if (dtype === "float64") return new Float64Array(buffer, at, length);
    return new Int32Array(buffer, at, length);
  };
  for (const b of schedule.buffers) if (b.kind === "constant") place(b).set(b.data!);
  const into = inputs.map(place),
    from = outputs.map(place);
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
      run();
      const out: (Data | undefined)[] = Array(outputs.length);
      for (const i of returned) out[i] = from[i].slice();
      return out;
    },
    read(i) {
      return into[i].slice();
    },
    write(i, data) {
      into[i].set(data);
      stale = true;
    },
    explain,
    peakBytes,
  };
}

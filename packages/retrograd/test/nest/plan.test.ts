/**
 * The plan, held against a walk through the program: loops are turned three times, two calls follow
 * each other, and whatever is read must not have been written over since it was written itself.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Buffer, type Item, resolve, type Schedule } from "../../src/nest/nest.ts";
import { bytesOf } from "../../src/scalar/dtype.ts";
import { vjp } from "../../src/transform/vjp.ts";
import { graphOf, recurrences } from "../compile/steps.ts";
import { machine, PLAIN } from "./machine.ts";

type Visit = (reads: readonly Buffer[], writes: readonly Buffer[], who: string) => void;

function walk(items: readonly Item[], visit: Visit): void {
  for (const item of items) {
    if (item.kind === "kernel") {
      const { reads, writes, name } = item.kernel;
      visit(
        reads.map((a) => a.buffer),
        writes.map((a) => a.buffer),
        name,
      );
      continue;
    }
    if (item.kind === "collective") {
      visit(item.buffers, item.buffers, item.name);
      continue;
    }
    const turns = item.kind === "loop" ? Math.min(item.count, 3) : 3;
    for (let turn = 0; turn < turns; turn++) {
      if (item.kind === "while") {
        walk(item.condition, visit);
        visit([item.flag], [], "while");
      }
      walk(item.body, visit);
    }
  }
}

/** Throws where a value is read whose bytes another buffer has taken meanwhile. */
function expectUndisturbed(schedule: Schedule): void {
  const places = [...new Set(schedule.buffers.map(resolve))].filter((b) => b.offset !== undefined);
  const end = (b: Buffer) => b.offset! + b.length * bytesOf(b.dtype);
  const neighbours = new Map(
    places.map((b) => [
      b,
      places.filter((o) => o !== b && o.offset! < end(b) && b.offset! < end(o)),
    ]),
  );
  const whole = new Set<Buffer>();
  const of = (kind: Buffer["kind"]) => schedule.buffers.filter((b) => b.kind === kind);
  const visit: Visit = (reads, writes, who) => {
    for (const b of reads) if (!whole.has(resolve(b))) throw new Error(`${who} reads ${b.name}`);
    for (const b of writes) {
      for (const other of neighbours.get(resolve(b)) ?? []) whole.delete(other);
      whole.add(resolve(b));
    }
  };
  visit([], [...of("constant"), ...of("resident")], "start");
  walk(schedule.setup, visit);
  for (const call of ["first call", "second call"]) {
    visit([], of("input"), call);
    walk(schedule.main, visit);
    visit([...of("output"), ...of("resident"), ...of("constant")], [], call);
  }
}

test("no value is written over before its last reader, and the arena holds all of them", () => {
  let shared = 0;
  fc.assert(
    fc.property(recurrences, fc.boolean(), (random, resident) => {
      const graph = vjp(graphOf(random));
      // The first state is carried from call to call by its own cotangent, of the same type.
      const options = resident ? { resident: [[0, 0]] as const } : {};
      const { schedule, peakBytes } = machine(graph, PLAIN, { ...options, rows: random.chunk });
      expectUndisturbed(schedule);
      let total = 0;
      for (const b of schedule.buffers) {
        if (b.alias || b.offset === undefined) continue;
        const bytes = b.length * bytesOf(b.dtype);
        expect(b.offset % 64).toBe(0);
        expect(b.offset + bytes).toBeLessThanOrEqual(peakBytes);
        total += bytes;
      }
      if (total > peakBytes) shared++;
    }),
    { numRuns: 60, seed: 41 },
  );
  expect(shared, "programs whose buffers share places").toBeGreaterThan(30);
});

test("the walk notices a plan that is wrong", () => {
  const random = { rows: 2, columns: 4, links: [{ of: 1, x: 0, y: 1 }], states: [0], sums: [] };
  const rest = { outputs: [0], finals: true, reverse: false, masked: false, length: 4, chunk: 512 };
  const { schedule } = machine(vjp(graphOf({ ...random, ...rest })), PLAIN);
  expectUndisturbed(schedule);
  for (const b of schedule.buffers) if (!b.alias && b.offset !== undefined) b.offset = 0;
  expect(() => expectUndisturbed(schedule)).toThrow("reads");
});

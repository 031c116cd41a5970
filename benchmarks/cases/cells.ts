/**
 * Every cell of the library in a training step, at two sizes: 128→256, batch 32, 64 steps, and 32→64,
 * batch 16, 256 steps. One that prefers its form over all moments at once is timed in that, and step
 * by step too.
 */
import type { Case, CaseOptions } from "../case.ts";
import { CELLS, SIZES, timedCell } from "../cells.ts";
import { sequenceCase } from "../sequence.ts";
import { countOf } from "../training.ts";

const cellCase = (name: string, size: string, steps: boolean): Case => ({
  name: `cells/${name}${steps ? "-steps" : ""}/${size}`,
  question: `What does ${name} cost${steps ? ", step by step" : ""}, with ${size} units?`,
  long: true,
  shards: true,
  targets: ["wasm", "native"],
  prepare(options: CaseOptions) {
    const { cell, sizes, params, ...numbers } = timedCell(name, size);
    const own = steps ? { ...cell, prefers: "sequential" as const } : cell;
    const prepared = sequenceCase(sizes, numbers, { cell: own, params }, options);
    return {
      ...prepared,
      fields: () => ({
        parameters: countOf(params),
        megaflop: prepared.work.flops / 1e6,
        ...prepared.fields?.(),
      }),
    };
  },
});

export const benchmark: readonly Case[] = Object.keys(SIZES).flatMap((size) =>
  Object.entries(CELLS).flatMap(([name, make]) => {
    const { prefers } = make(SIZES[size].size, SIZES[size].time);
    const forms = prefers === "parallel" ? [false, true] : [false];
    return forms.map((steps) => cellCase(name, size, steps));
  }),
);

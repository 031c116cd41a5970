/**
 * Any recurrence, compiled: equal to the reference in an arena full of NaN, for both kinds of tiles and
 * for chunks of several sizes; so are its derivatives of first and second order, and its batches.
 */
import fc from "fast-check";
import { test } from "vitest";
import { looped, steps } from "../loops/steps.ts";
import { narrowed } from "../targets/targets.ts";
import { expectCompiled, tiles, transforms } from "./compiled.ts";
import { graphOf, recurrences } from "./steps.ts";

const names = fc.constantFrom(...Object.keys(transforms));
const seeds = fc.nat(1000);
const tile = (seed: number) => [seed % 2 ? tiles.FUSED : tiles.PLAIN];

test("any step of maps, to the second order", () => {
  fc.assert(
    fc.property(steps, seeds, names, fc.constantFrom(1, 6, 512), (step, seed, name, rows) => {
      expectCompiled(transforms[name](looped(step)), { seed, rows, can: tile(seed) });
    }),
    { numRuns: 40, seed: 31 },
  );
});

test("any recurrence, to the second order", () => {
  fc.assert(
    fc.property(recurrences, seeds, names, (random, seed, name) => {
      const graph = transforms[name](graphOf(random));
      const checked = seed % 4 === 0 ? narrowed(graph) : graph;
      expectCompiled(checked, { seed, rows: random.chunk, can: tile(seed) });
    }),
    { numRuns: 100, seed: 33 },
  );
});

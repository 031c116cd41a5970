/** Random chains of maps: three derivatives agree, and a batch computes its samples one by one. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { map } from "../../src/ops/map.ts";
import { type Graph, run, trace } from "../../src/tensor/graph.ts";
import type { Type } from "../../src/tensor/tensor.ts";
import { batch } from "../../src/transform/batch.ts";
import { jvp } from "../../src/transform/jvp.ts";
import { vjp } from "../../src/transform/vjp.ts";
import { expectDerivatives, numbers, valuesOf } from "../derivatives.ts";
import { body } from "../loops/steps.ts";

const specs = ["ab,ab->ab", "ab,ba->ba", "ab,ab->ba", "ab,bc->ac", "ab,cb->ac"];
const links = fc.array(fc.tuple(fc.constantFrom(...specs), body), { minLength: 1, maxLength: 4 });
const square: Type = { shape: [2, 2], dtype: "float64" };

/** Each link reads the last value and one of the inputs. */
const chain = (of: typeof links extends fc.Arbitrary<infer T> ? T : never): Graph =>
  trace([square, square], (x, y) => {
    let [last, other] = [x, y];
    for (const [spec, e] of of) [last, other] = [map(spec, e, [last, other]), other === x ? y : x];
    return [last];
  });

test("any chain: differences, forward and reverse mode agree, at first and second order", () => {
  fc.assert(
    fc.property(links, fc.nat(), (of, seed) => expectDerivatives(chain(of), { seed, order: 2 })),
    { numRuns: 100, seed: 1 },
  );
});

test("any chain and its derivatives: a batch computes each sample alone", () => {
  fc.assert(
    fc.property(links, fc.nat(), fc.infiniteStream(fc.boolean()), (of, seed, coins) => {
      const size = 3;
      for (const one of [chain(of), vjp(chain(of)), jvp(vjp(chain(of)))]) {
        const which = one.inputs.map(() => coins.next().value as boolean);
        const all = batch(one, which, size);
        const draw = numbers(seed);
        const args = all.inputs.map((t) => valuesOf(t, draw));
        const [got] = run(all, args);
        for (let b = 0; b < size; b++) {
          const alone = args.map((a, k) => (which[k] ? a.slice(b * 4, (b + 1) * 4) : a));
          expect(got.slice(b * 4, (b + 1) * 4)).toEqual(run(one, alone)[0]);
        }
      }
    }),
    { numRuns: 60, seed: 2 },
  );
});

/**
 * Do a few rounds over all moments beat one step after the other? A GRU of n units over T moments of
 * one sequence, float32: `scan` beside `parallelScan` with whole Jacobians (deer) and with their
 * diagonals (quasi), run alone and with the gradient of every parameter. The three take turns. A form
 * whose gradient took more than half a second is not asked for longer sequences.
 */
import { jit, parallelScan, random, scan, type Tensor, valueAndGrad } from "retrograd";
import { drawTree, gru, startOf } from "retrograd/cells";
import type { Case, CaseOptions } from "../case.ts";
import { median } from "../ceiling.ts";

const UNITS = [1, 4, 16, 64];
const LENGTHS = [256, 1024, 4096, 16_384];
const INPUT = 4;
const TURNS = 7;
const SLOW_MS = 500;

const FORMS = { scan: undefined, deer: "deer", quasi: "quasi-deer" } as const;
type Form = keyof typeof FORMS;
const forms = Object.keys(FORMS) as Form[];

/** A form over one length: milliseconds of a run, and of one with its gradient; rounds it took. */
function contender(units: number, time: number, form: Form, target: CaseOptions["target"]) {
  const cell = gru({ size: units });
  const params = drawTree<any>(cell.params([INPUT]), random.key(units), "float32");
  const first = startOf(cell, params, [INPUT], undefined, "float32");
  const xs = random.normal(random.key(time), [time, INPUT]);
  const step = (state: any, x: Tensor, p: any) =>
    cell.step(state, x, p, { train: false, noise: undefined });
  const method = FORMS[form];
  const run = (p: any, x: Tensor) =>
    method
      ? parallelScan(step, first, x, p, { method })
      : { ...scan(step, first, x, p), rounds: undefined };
  const forward = jit((p: any, x: Tensor) => run(p, x), { target });
  const energy = (p: any, x: Tensor) => run(p, x).outputs.mul(0.5).square().sum();
  const both = jit((p: any, x: Tensor) => valueAndGrad((q: any) => energy(q, x))(p), { target });
  const rounds = forward(params, xs).rounds?.item();
  const timed = (call: () => unknown, into: number[]) => {
    const start = performance.now();
    call();
    into.push(performance.now() - start);
  };
  const [alone, withGradient]: number[][] = [[], []];
  both(params, xs);
  return {
    rounds,
    turn() {
      timed(() => forward(params, xs), alone);
      timed(() => both(params, xs), withGradient);
    },
    ms: () => ({ forward: median(alone), both: median(withGradient) }),
  };
}

function prepare({ target }: CaseOptions) {
  const fields: Record<string, number | string> = {};
  const faster: string[] = [];
  for (const units of UNITS) {
    const given = new Set(forms);
    for (const time of LENGTHS) {
      const racing = [...given].map(
        (form) => [form, contender(units, time, form, target)] as const,
      );
      for (let k = 0; k < TURNS; k++) for (const [, { turn }] of racing) turn();
      const times = new Map(racing.map(([form, { ms }]) => [form, ms()]));
      const base = times.get("scan");
      for (const [form, { rounds }] of racing) {
        const { forward, both } = times.get(form)!;
        const name = `n${units}T${time}${form}`;
        Object.assign(fields, { [`${name}Ms`]: forward, [`${name}BothMs`]: both });
        if (rounds !== undefined) fields[`${name}Rounds`] = rounds;
        if (base && forward < base.forward) faster.push(`${name} forward`);
        if (base && both < base.both) faster.push(`${name} both`);
        if (both > SLOW_MS) given.delete(form);
      }
    }
  }
  fields.fasterThanScan = faster.join("; ") || "never";
  return { kind: "figures" as const, fields };
}

export const benchmark: Case = {
  name: "deer",
  question: "Do rounds of Newton's method over all moments beat steps? GRU, 1 to 64 units",
  long: true,
  prepare,
};

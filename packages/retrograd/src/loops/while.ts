/**
 * while: a step repeated as long as a condition on the state holds, so that the data decide how
 * often. Forward derivatives travel with the state. There is no backward one: nobody knows before
 * the run how many states it would have to keep, so the rule refuses and says what to use instead.
 */
import { fail } from "../errors/loops.ts";
import { within } from "../errors.ts";
import { lettersOfRank } from "../ops/axes.ts";
import { filled, recordMap } from "../ops/map.ts";
import { greater, select, slot, toInt32 } from "../scalar/index.ts";
import { close, type Graph, inline, run } from "../tensor/graph.ts";
import {
  apply,
  type Maybe,
  type Op,
  placeholder,
  record,
  showType,
  type Tensor,
} from "../tensor/tensor.ts";
import { flattenLike, groupOf, leavesOf, rebuild } from "../tensor/tree.ts";
import { batchWhere, repeat } from "../transform/batch.ts";
import { jvp } from "../transform/jvp.ts";
import { cut } from "./scan.ts";
import { checkState, named } from "./scanTree.ts";

export interface While {
  /** (state…, param…) → [bool []]: go on? Its inputs are the same placeholders as the body's. */
  readonly condition: Graph;
  /** (state…, param…) → next state… */
  readonly body: Graph;
  readonly states: number;
}

export const whileOp: Op<While> = {
  name: "while",
  lower: "while",

  shape(args, { condition, body, states }) {
    const [goOn] = condition.outputs;
    if (goOn.dtype !== "bool" || goOn.rank > 0)
      fail("bad-argument", {
        where: "whileLoop",
        given: `a condition that returns ${showType(goOn)}`,
        expected: "a single bool",
      });
    body.inputs.slice(0, states).forEach((enters, k) => {
      checkState("whileLoop", [enters.name ?? `${k}`, enters], body.outputs[k]);
    });
    args.forEach((a, k) => {
      const want = body.inputs[k];
      if (showType(a) !== showType(want))
        fail("shape-mismatch", {
          op: "whileLoop",
          given: `${want.name ?? `input ${k}`} ${showType(a)}`,
          expected: showType(want),
        });
    });
    return args.slice(0, states).map(({ shape, dtype }) => ({ shape, dtype }));
  },

  evaluate({ attrs: { condition, body, states } }, args) {
    let [state, params] = cut(args, states);
    while (run(condition, [...state, ...params])[0][0]) state = run(body, [...state, ...params]);
    return state.map((x) => Float64Array.from(x));
  },

  /** The tangent of a loop is a loop that carries the tangent beside the state. */
  jvp({ args, attrs: { condition, body, states } }, tangents) {
    const both = jvp(body);
    const [s, p, ds, dp] = cut(both.inputs, states, args.length - states, states);
    const inputs = [...s, ...ds, ...p, ...dp];
    const [S, P, dS, dP] = cut(
      [...args, ...args.map((a, k) => tangents[k] ?? filled(a))],
      ...[states, args.length - states, states],
    );
    const goOn = inline(condition, [...s, ...p]);
    const found = record(whileOp, [...S, ...dS, ...P, ...dP], {
      condition: { inputs, outputs: goOn },
      body: { inputs, outputs: [...body.outputs, ...both.outputs] },
      states: 2 * states,
    });
    return found.slice(states);
  },

  vjp: (): Maybe[] =>
    fail("not-differentiable", {
      op: "whileLoop",
      reason: "the number of its steps is not known before it runs, so its states cannot be kept",
      cure: "Use scan with a maximum length and a mask, or jvp, which goes forward with the loop.",
    }),

  /** Rows that are done are held while the others go on; the loop ends with the last of them. */
  batch({ attrs: { condition, body, states } }, args, batched, size) {
    const flags = [...batched];
    let choice = batchWhere(condition, flags, size);
    for (let changed = true; changed; ) {
      choice = batchWhere(condition, flags, size);
      const leaving = batchWhere(body, flags, size).batched;
      const before = flags.filter((b) => b).length;
      for (let k = 0; k < states; k++) flags[k] ||= leaving[k] || choice.batched[0];
      changed = flags.filter((b) => b).length > before;
    }
    const wide = batchWhere(body, flags, size);
    const inputs = wide.graph.inputs;
    const next = wide.graph.outputs.map((t, k) =>
      flags[k] && !wide.batched[k] ? repeat(t, size) : t,
    );
    const [goOn] = inline(choice.graph, inputs);
    const some = choice.batched[0];
    const found = record(
      whileOp,
      args.map((a, k) => (flags[k] && !batched[k] ? repeat(a, size) : a)),
      {
        condition: { inputs, outputs: [some ? any(goOn) : goOn] },
        body: { inputs, outputs: some ? next.map((t, k) => chosen(goOn, t, inputs[k])) : next },
        states,
      },
    );
    return found.map((t, k) => (flags[k] ? t : repeat(t, size)));
  },
};

/** True when one row at least is true; false for no rows. */
function any(rows: Tensor): Tensor {
  const count = recordMap("z->", toInt32(slot(0)), [rows], { name: "count" });
  return recordMap("->", greater(slot(0), 0), [count], { name: "any" });
}

/** Row by row: next where the row goes on, else before. */
function chosen(rows: Tensor, next: Tensor, before: Tensor): Tensor {
  const letters = lettersOfRank(next.rank);
  const spec = `${letters[0]},${letters},${letters}->${letters}`;
  return recordMap(spec, select(slot(0), slot(1), slot(2)), [rows, next, before], { name: "hold" });
}

/**
 * Repeat `body` as long as `condition` holds; the data decide how often.
 *
 * @param condition  state → bool []
 * @param body       state → next state, of the same shapes and dtypes
 * @param state      tree of tensors
 * @returns          the first state for which the condition does not hold
 * @throws "state-shape", "tree-mismatch", "bad-argument"; "not-differentiable" in reverse mode
 */
export function whileLoop<S>(condition: (state: S) => Tensor, body: (state: S) => S, state: S): S {
  const first = named(state, "state", groupOf("state", "whileLoop"));
  const inputs = first.map(([name, t]) => placeholder(t, name));
  const inside = rebuild(state, inputs) as S;
  const goOn = within("the condition of whileLoop", () => leavesOf<Tensor>(condition(inside)));
  if (goOn.length !== 1)
    fail("bad-argument", {
      where: "whileLoop",
      given: `a condition that returns ${goOn.length} tensors`,
      expected: "a single bool",
    });
  const next = within("the body of whileLoop", () => body(inside));
  const leaving = flattenLike(state, next, "the next state of whileLoop");
  const { graph, captured } = close({ inputs, outputs: [goOn[0][1], ...leaving] });
  const [ending, staying] = cut(graph.outputs, 1);
  const attrs: While = {
    condition: { inputs: graph.inputs, outputs: ending },
    body: { inputs: graph.inputs, outputs: staying },
    states: first.length,
  };
  return rebuild(state, apply(whileOp, [...first.map(([, t]) => t), ...captured], attrs)) as S;
}

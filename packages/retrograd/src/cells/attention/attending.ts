/**
 * A recurrent network that attends to its past. Two ways lead from an input to what comes later:
 * the state that is carried on, step by step, and the memory, from which attention takes it in one.
 */
import { oneOf } from "../../errors.ts";
import { arange } from "../../ops/creation.ts";
import { stopGradient } from "../../ops/stopGradient.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { mapTree } from "../../tensor/tree.ts";
import { cell, wholeNumber } from "../cell.ts";
import { type Attention, additiveAttention } from "./kinds.ts";
import { remembering } from "./ring.ts";

/** What the memory holds. */
export type Remembered = "states" | "inputs";
/** A way of an input into the future. */
export type Path = "recurrence" | "attention";

interface Options {
  readonly size: number;
  readonly input: number;
  readonly context: number;
  readonly over: Remembered;
  readonly attention: Attention | undefined;
  readonly stop: Path | undefined;
}

/**
 * A recurrence with attention to its own past, of which it remembers `context` moments.
 *   h_t = tanh(x_t Wx + s_{t−1} Wh + b)
 *   c_t = Σ_k a_tk m_k      a_t = attention of s_{t−1} to the m_k of the moments k before t
 *   s_t = h_t + c_t Wc      m_t = h_t, or x_t
 * Every path of the gradient from x_k to a later moment begins in the state s_k that is carried, or
 * in the memory m_k. `stop` closes one of the two to the gradient of the inputs, and changes no
 * value and no other gradient:
 *   ∂L/∂x = ∂L/∂x with stop: "attention"  (paths that begin in the recurrence)
 *         + ∂L/∂x with stop: "recurrence" (paths that begin in the memory)
 *
 * Options: size; context (32); over, "states" (default) or "inputs", which the memory holds;
 * attention, additiveAttention({ size }) by default; stop, nothing by default.
 * Shapes: Wx [input, size], Wh [size, size], b [size], Wc [width, size] with the width of what is
 * read, and the parameters of the attention; state { s: [size], memory: what the attention keeps of
 * an entry, such as { keys, entries: [context, m] }, where moment k is at k mod context, count:
 * moments so far, int32 }; output s.
 * Source: Kerg et al. 2020, arXiv:2006.09471, eq. 1–4; attention: arXiv:1409.0473.
 * Checked: plain loops; the two parts against differences of a loop that reads two copies of x.
 */
export const attending = cell({
  name: "attending",
  options: {
    context: 32 as number,
    over: "states" as Remembered,
    attention: undefined as Attention | undefined,
    stop: undefined as Path | undefined,
  },
  params(given, init) {
    const { input, size, memory, kind } = checked(given);
    return {
      Wx: init.glorot([input, size]),
      Wh: init.orthogonal([size, size]),
      b: init.zeros([size]),
      Wc: init.glorot([kind.width(memory), size]),
      attention: kind.params({ query: size, memory }, init),
    };
  },
  state(given) {
    const { size, context, memory, kind } = checked(given);
    const kept = Object.entries(kind.kept(memory));
    const places = Object.fromEntries(kept.map(([name, of]) => [name, [context, ...of]]));
    return { s: [size], memory: places, count: { shape: [], dtype: "int32" } as const };
  },
  step({ s, memory, count }, x, { Wx, Wh, b, Wc, attention }, given) {
    const { context, over, stop, kind } = checked(given);
    const from = (now: Tensor) => now.dot(Wx).add(s.dot(Wh)).add(b).tanh();
    const open = (path: Path) => (stop === path ? stopGradient(x) : x);
    const h = from(open("recurrence"));
    const remembered = over === "inputs" ? open("attention") : stop ? from(open("attention")) : h;
    const known = arange(0, context, 1, { dtype: "int32" }).less(count);
    const next = h.add(kind.meet(attention, s, memory, known).context.dot(Wc));
    const now = kind.enter(attention, remembered);
    const kept = mapTree(memory, (t: Tensor, name) => remembering(t, now[name], count));
    return { state: { s: next, memory: kept, count: count.add(1) }, output: next };
  },
});

/** @throws "bad-argument", "unknown-option" */
function checked<O extends Options>(options: O) {
  const { input, size, context, over, stop, attention } = options;
  wholeNumber("attending: context", context);
  oneOf("attending: over", over, ["states", "inputs"]);
  if (stop !== undefined) oneOf("attending: stop", stop, ["recurrence", "attention"]);
  const memory = over === "inputs" ? input : size;
  return { ...options, memory, kind: attention ?? additiveAttention({ size }) };
}

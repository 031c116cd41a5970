/**
 * Where the gradient goes: how strongly the last moment's loss depends on the state of each moment
 * before it. A plain network forgets within a few moments; one with a forget gate that begins open
 * does not. The state is nudged by zeros at every moment, and the gradient is that of the nudges.
 */
import { grad, random, scan, type Tensor, zeros } from "retrograd";
import { type Cell, lstm, rnn } from "retrograd/cells";
import { sequential, unroll } from "retrograd/layers";

const [TIME, INPUT, SIZE] = [40, 4, 16];
const x = random.normal(random.key(1), [TIME, INPUT]);

/** Norm of ∂(last output)/∂h at every moment. */
function norms(cell: Cell, scale: number): number[] {
  const first = sequential(unroll(cell)).init(random.key(0), { input: INPUT })[0];
  const params = { ...first, Wh: first.Wh.mul(scale) };
  const types: Record<string, { shape: number[] }> = cell.state([INPUT], "float32");
  const start = Object.fromEntries(
    Object.entries(types).map(([name, { shape }]) => [name, zeros(shape)]),
  );
  const last = (nudges: Tensor) => {
    const step = (state: any, now: { x: Tensor; nudge: Tensor }) => {
      const nudged = { ...state, h: state.h.add(now.nudge) };
      return cell.step(nudged, now.x, params, { train: false, noise: undefined });
    };
    return scan(step, start, { x, nudge: nudges }).state.h.sum();
  };
  const g = grad(last)(zeros([TIME, SIZE])).data;
  return Array.from({ length: TIME }, (_, t) =>
    Math.hypot(...g.subarray(t * SIZE, (t + 1) * SIZE)),
  );
}

const BARS = " ▁▂▃▄▅▆▇█";
/** One bar a moment, from 10⁻⁸ to 1 in logarithms. */
const plot = (values: number[]): string =>
  values.map((v) => BARS[Math.max(0, Math.min(8, Math.round(8 + Math.log10(v + 1e-30))))]).join("");
/** How many moments back the gradient is above a thousandth of the last one's. */
const reach = (values: number[]): number =>
  TIME - values.findIndex((v) => v > 1e-3 * values[TIME - 1]);

const plain = norms(rnn({ size: SIZE }), 0.6);
const gated = norms(lstm({ size: SIZE, forgetBias: 4 }), 0.6);
console.log(`plain  ${plot(plain)}  reaches ${reach(plain)} moments back`);
console.log(`gated  ${plot(gated)}  reaches ${reach(gated)} moments back`);
if (!(reach(gated) > reach(plain))) throw new Error("the gates should carry the gradient further");

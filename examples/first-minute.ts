/**
 * A first minute: tensors, a product written in letters, a derivative, a compiled function, and a
 * loop through time with the gradient of all of it.
 */
import { grad, jit, map, scalar, scan, type Tensor, tensor, zeros } from "retrograd";

const a = tensor([[1, 2], [3, 4]]); // biome-ignore format: a matrix
const b = tensor([[5, 6], [7, 8]]); // biome-ignore format: a matrix
console.log("a·b, by method:", a.dot(b).toArray());

// One letter per axis; what the result lacks is summed over.
const { mul, slot } = scalar;
const product = map("ik,kj->ij", mul(slot(0), slot(1)), [a, b]);
console.log("a·b, in letters:", product.toArray());

const length = (x: Tensor) => x.mul(x).sum().sqrt();
console.log("d|x|/dx at (3, 4):", grad(length)(tensor([3, 4])).toArray());

const fast = jit((x: Tensor) => x.tanh().sum());
console.log("compiled:", fast(tensor([0.1, 0.2, 0.3])).item());

// A leaky memory: what came in, and what is left of what came in before.
const step = ({ h }: { h: Tensor }, x: Tensor, { decay }: { decay: Tensor }) => {
  const next = h.mul(decay).add(x);
  return { state: { h: next }, output: next };
};
const inputs = tensor([1, 0, 0, 0]);
const remembered = (params: { decay: Tensor }) => scan(step, { h: zeros([]) }, inputs, params);
const params = { decay: tensor(0.5) };
console.log("what is left of 1:", remembered(params).outputs.toArray());
const slope = grad((p: typeof params) => remembered(p).state.h)(params).decay.item();
console.log("d(last)/d(decay), which is 3 · 0.5²:", slope);
if (Math.abs(slope - 0.75) > 1e-6) throw new Error(`the derivative is ${slope}, not 0.75`);

/**
 * Which op is to blame for a wrong gradient: each one that a model is made of is differentiated on
 * its own, at the values it has there, forward, backward and by differences.
 */
import { mapOp, nameOfMap } from "../ops/map.ts";
import { isFloat } from "../scalar/dtype.ts";
import { type Graph, run, topological } from "../tensor/graph.ts";
import { isLeaf, type Node, placeholder, record, showType } from "../tensor/tensor.ts";
import { jvp } from "../transform/jvp.ts";
import { vjp } from "../transform/vjp.ts";
import { slopeOf } from "./differences.ts";
import type { Numbers } from "./program.ts";

/**
 * The first op, in the order of computation, whose derivatives disagree.
 * @param graph  without loops
 * @returns      such as `the backward rule of "tanh" [2, 8]`; undefined where every op is right
 */
export function blame(graph: Graph, args: Numbers): string | undefined {
  const values = new Map<Node, Numbers>(graph.inputs.map((t, k) => [t.node, [args[k]]]));
  // The steps of a loop share the attributes of their ops: each is looked at once.
  const seen = new Map<unknown, Set<string>>();
  for (const node of topological(graph.outputs)) {
    if (values.has(node)) continue;
    const given = node.args.map((a) => values.get(a.node)![a.output]);
    values.set(node, node.op.evaluate(node, given));
    if (isLeaf(node) || !node.args.some((a) => isFloat(a.dtype))) continue;
    const kind = `${node.op.name} ${node.args.map(showType)}`;
    const own = seen.get(node.attrs) ?? new Set();
    if (own.has(kind)) continue;
    seen.set(node.attrs, own.add(kind));
    const rule = wrongRule(node, given);
    if (rule) return `${rule} of ${nameOf(node)} ${showType(node.outputs[0])}`;
  }
  return undefined;
}

const nameOf = ({ op, attrs }: Node): string =>
  `"${op === mapOp ? nameOfMap(attrs) : (attrs?.name ?? op.name)}"`;

/** ⟨v, J u⟩ three ways; which of the two rules is off. */
function wrongRule(node: Node, given: Numbers): string | undefined {
  const inputs = node.args.map((t) => placeholder(t));
  const graph: Graph = { inputs, outputs: record(node.op, inputs, node.attrs) };
  const u = given.map((x, k) =>
    x.map((_, i) => (isFloat(inputs[k].dtype) ? Math.cos(3 * i + k) : 0)),
  );
  const v = graph.outputs.map((t) =>
    Float64Array.from({ length: t.size }, (_, i) => (isFloat(t.dtype) ? Math.sin(2 * i + 1) : 0)),
  );
  const phi = (t: number) =>
    product(
      run(
        graph,
        given.map((x, k) => x.map((y, i) => y + t * u[k][i])),
      ),
      v,
    );
  const forward = product(run(jvp(graph), [...given, ...u]), v);
  const reverse = product(run(vjp(graph), [...given, ...v]), u);
  const scale = Math.max(1e-9, Math.abs(forward), Math.abs(reverse));
  const at = phi(0);
  if (Number.isFinite(at) && !Number.isFinite(scale)) return "the infinite derivative";
  const slope = slopeOf(phi, at, scale);
  if (!slope.smooth) return undefined; // at a kink every rule is as good as another
  const off = (x: number) => Math.abs(x - slope.value) > 1e-5 * scale + slope.error;
  if (off(forward) && off(reverse)) return "both derivative rules";
  return off(reverse) ? "the backward rule" : off(forward) ? "the forward rule" : undefined;
}

const product = (a: Numbers, b: Numbers): number =>
  a.reduce((sum, x, k) => x.reduce((s, y, i) => (b[k][i] === 0 ? s : s + y * b[k][i]), sum), 0);

/**
 * Work of a step that params alone decide (a matrix made of parameters, say) is done once, before
 * the loop. It is taken out when the loop is recorded and not by a pass of the compiler, so that
 * its derivative is taken once too: of the sum over time, instead of a sum of derivatives.
 */
import { isElementwise } from "../ops/map.ts";
import { Bindings, type Graph, substitute, topological } from "../tensor/graph.ts";
import { type Node, placeholder, same, type Tensor } from "../tensor/tensor.ts";
import { callGraph } from "../transform/function.ts";

/** Work that is worth storing instead of doing twice. */
export const isExpensive = ({ op, attrs }: Node): boolean =>
  (op.name === "map" && !isElementwise(attrs)) || op.lower === "loop" || op.lower === "host";

/** Work that is not only numbers moved or repeated. */
const computes = ({ op, attrs, args }: Node): boolean =>
  op.lower === "map" && attrs.body.kind !== "slot" && args.length > 0;

/** A graph that reads some of its values instead of computing them. */
export interface Split {
  /** What it reads, of the graph as it was. */
  readonly found: readonly Tensor[];
  /** The inputs that stand for them, and the outputs that read these. */
  readonly fresh: readonly Tensor[];
  readonly outputs: readonly Tensor[];
}

/**
 * Values that do not depend on `changing` inputs, where they are expensive, and where a product
 * reads them, whose derivative is then one sum over time.
 */
export function splitInvariants(graph: Graph, changing: readonly Tensor[]): Split {
  const varies = new Set<Node>(changing.map((t) => t.node));
  const [isHeavy, isComputed] = [new Set<Node>(), new Set<Node>()];
  const found: Tensor[] = [];
  const take = (t: Tensor, reader?: Node) => {
    const known = found.some((f) => same(f, t));
    const isRead = reader && isExpensive(reader) && isComputed.has(t.node);
    if (!varies.has(t.node) && (isHeavy.has(t.node) || isRead) && !known) found.push(t);
  };
  for (const node of topological(graph.outputs)) {
    const after = (set: ReadonlySet<Node>) => node.args.some((a) => set.has(a.node));
    if (after(varies)) varies.add(node);
    else {
      if (isExpensive(node) || after(isHeavy)) isHeavy.add(node);
      if (computes(node) || after(isComputed)) isComputed.add(node);
    }
    if (varies.has(node)) for (const a of node.args) take(a, node);
  }
  for (const t of graph.outputs) take(t);
  const fresh = found.map((t) => placeholder(t, t.node.attrs?.name ?? t.node.op.name));
  const given = new Bindings(found.map((t, i) => [t, fresh[i]]));
  return { found, fresh, outputs: found.length ? substitute(graph.outputs, given) : graph.outputs };
}

/**
 * A step that reads what its params alone decide instead of computing it.
 * @param step      (changing…, param…) → outputs; reads nothing but its inputs
 * @param changing  how many of its inputs differ from moment to moment
 * @param params    what the other inputs are given
 */
export function withoutInvariants(
  step: Graph,
  changing: number,
  params: readonly Tensor[],
): { step: Graph; params: readonly Tensor[] } {
  const [moving, own] = [step.inputs.slice(0, changing), step.inputs.slice(changing)];
  const { found, fresh, outputs } = splitInvariants(step, moving);
  if (found.length === 0) return { step, params };
  const values = callGraph({ inputs: own, outputs: found }, params);
  const read = new Set(topological(outputs));
  const kept = own.flatMap((t, k) => (read.has(t.node) ? [k] : []));
  return {
    step: { inputs: [...moving, ...kept.map((k) => own[k]), ...fresh], outputs },
    params: [...kept.map((k) => params[k]), ...values],
  };
}

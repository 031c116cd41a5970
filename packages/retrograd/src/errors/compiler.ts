/** Messages of tracing, differentiation and compilation. */
export const compilerMessages = {
  "axis-mismatch": {
    text: (o: { op: string; axis: string; a: string; b: string; sizeA: number; sizeB: number }) =>
      `${o.op}: axis "${o.axis}" is ${o.sizeA} in ${o.a} but ${o.sizeB} in ${o.b}.`,
    cure: (o: { sizeA: number; sizeB: number; a: string; b: string }) =>
      `Make both axes ${o.sizeA}, or both ${o.sizeB}.`,
  },
  "broadcast-mismatch": {
    text: (o: { op: string; a: string; b: string; axis: number; sizeA: number; sizeB: number }) =>
      `${o.op}: ${o.a} does not broadcast with ${o.b}: ${o.sizeA} meets ${o.sizeB} at axis −${-o.axis}.`,
    cure: () => `Shapes align at the last axis; make the two sizes equal, or one of them 1.`,
  },
  "rank-mismatch": {
    text: (o: { op: string; operand: string; expected: string }) =>
      `${o.op}: given ${o.operand}; expected ${o.expected}.`,
    cure: () => `Reshape the tensor, or index the missing axes.`,
  },
  "shape-mismatch": {
    text: (o: { op: string; given: string; expected: string }) =>
      `${o.op}: given ${o.given}; expected ${o.expected}.`,
    cure: () => `Give the shape that is expected, or reshape the tensor first.`,
  },
  "dtype-mismatch": {
    text: (o: { op: string; given: string; expected: string }) =>
      `${o.op}: given ${o.given}; expected ${o.expected}.`,
    cure: (o: { given: string; expected: string }) => {
      const several = o.expected === "one dtype";
      const wanted = several
        ? widest(o.given)
        : (["int32", "bool"].find((dtype) => o.expected.includes(dtype)) ?? "float32");
      const what = several ? "one of them" : "it";
      return `Convert ${what} first: x.cast("${wanted}"). Nothing is converted silently.`;
    },
  },
  "unknown-option": {
    text: (o: { where: string; given: string; known: string }) =>
      `${o.where}: "${o.given}" is not known.`,
    cure: (o: { known: string }) => `Use one of: ${o.known}.`,
  },
  "bad-argument": {
    text: (o: { where: string; given: string; expected: string }) =>
      `${o.where}: given ${o.given}; expected ${o.expected}.`,
    cure: (o: { expected: string }) => `Give ${o.expected}.`,
  },
  "bad-spec": {
    text: (o: { op: string; spec: string; reason: string }) => `${o.op}: "${o.spec}" ${o.reason}.`,
    cure: () => `Write one letter per axis, operands apart by commas, as in "ij,jk->ik".`,
  },
  "axis-range": {
    text: (o: { op: string; axis: number; operand: string }) =>
      `${o.op}: axis ${o.axis} does not exist in ${o.operand}.`,
    cure: () => `Count axes from 0, or from −1 for the last one.`,
  },
  "index-range": {
    text: (o: { op: string; given: string; expected: string }) =>
      `${o.op}: ${o.given} is out of range; expected ${o.expected}.`,
    cure: (o: { expected: string }) => `Keep the index within ${o.expected}.`,
  },
  "traced-value": {
    text: (o: { tensor: string }) =>
      `${o.tensor} has no value yet: it is being traced, so JavaScript cannot read it or branch on it.`,
    cure: () =>
      `To choose by it, use where(condition, a, b); to read it, return it and read what the call gives.`,
  },
  "tensor-operator": {
    text: (o: { tensor: string }) =>
      `${o.tensor} cannot be used with JavaScript's operators: it would be read as NaN.`,
    cure: () => `Use its methods (a.add(b), a.less(b)), or item() for the number in it.`,
  },
  "ragged-array": {
    text: (o: { at: string; got: number; want: number }) =>
      `tensor: the array at ${o.at} has ${o.got} entries, but its neighbours have ${o.want}.`,
    cure: () => `Give rows of equal length; pad shorter ones and keep a mask.`,
  },
  "state-shape": {
    text: (o: { op: string; name: string; enters: string; leaves: string }) =>
      `${o.op}: state "${o.name}" enters the step as ${o.enters} and leaves it as ${o.leaves}.`,
    cure: () => `A state must keep its shape and dtype from one step to the next.`,
  },
  "scan-length": {
    text: (o: { a: string; b: string; stepsA: number; stepsB: number }) =>
      `scan: ${o.a} says ${o.stepsA} time steps, but ${o.b} says ${o.stepsB}.`,
    cure: () => `The leading axis of every input is time: make them equally long, or pad and mask.`,
  },
  "tree-mismatch": {
    text: (o: { where: string; given: string; expected: string }) =>
      `${o.where}: the tree has ${o.given}; expected ${o.expected}.`,
    cure: () => `Return the same nested objects and arrays that were given.`,
  },
  "not-a-tensor": {
    text: (o: { where: string; given: string; numbers: boolean }) =>
      `${o.where}: given ${o.given}; expected a tensor, or objects or arrays of tensors.`,
    cure: (o: { given: string; numbers: boolean }) =>
      o.numbers ? `Wrap it: tensor(${o.given}).` : `Give tensors, as in { h: zeros([3]) }.`,
  },
  "not-scalar": {
    text: (o: { where: string; given: string }) =>
      `${o.where}: the function returned ${o.given}; expected a single number.`,
    cure: () => `Reduce it first: loss.sum() or loss.mean().`,
  },
  "free-trace": {
    text: (o: { tensor: string }) =>
      `${o.tensor} belongs to a function that is no longer being traced.`,
    cure: () => `Return the tensor from the function instead of storing it outside.`,
  },
  "target-missing": {
    text: (o: { target: string; reason: string; cure: string }) =>
      `target "${o.target}" cannot run here: ${o.reason}.`,
    cure: (o: { cure: string }) => o.cure,
  },
  "target-instead": {
    text: (o: { target: string; reason: string; cure: string }) =>
      `The program runs on target "${o.target}" and not on "native", which is faster: ${o.reason}.`,
    cure: (o: { cure: string }) => o.cure,
  },
  "out-of-memory": {
    text: ({ needed, limit }: { needed: number; limit: number | undefined }) => {
      const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
      const least = limit === undefined ? "there is" : `the ${mebibytes(limit)} that are allowed`;
      return `The program needs ${mebibytes(needed)}, more than ${least}.`;
    },
    cure: () => `Use a smaller batch, a shorter window (truncated) or remat.`,
  },
  "collective-inside": {
    text: (o: { where: string }) => `allReduce: inside ${o.where}, where shards cannot meet.`,
    cure: () => `Return what is to be added up from it, and call allReduce on the result.`,
  },
  "shard-rows": {
    text: (o: { what: string; rows: number | undefined; shards: number }) =>
      o.rows === undefined
        ? `${o.what} is a single number, which cannot be cut into ${o.shards} shards.`
        : `${o.what} has ${o.rows} rows, which are not ${o.shards} equal shards.`,
    cure: (o: { shards: number }) =>
      `Give rows in multiples of ${o.shards} (rows that weigh nothing do), other shards, or null for what every shard sees whole.`,
  },
  "shards-missing": {
    text: (o: { target: string; shards: number; reason: string; cure: string }) =>
      `${o.shards} shards cannot run here on target "${o.target}": ${o.reason}.`,
    cure: (o: { cure: string }) => o.cure,
  },
  "not-finite": {
    text: (o: { what: string; step: number | undefined; op: string }) =>
      `${o.what} stopped being finite${o.step === undefined ? "" : ` at time step ${o.step}`}, in ${o.op}.`,
    cure: () =>
      `Lower the learning rate, clip the gradient (clip: { norm: 1 }), or check the data for missing values.`,
  },
} as const;

/** The dtype that holds all those of a list of types, where float32 goes without saying. */
function widest(types: string): string {
  if (types.includes("float64")) return "float64";
  return types.includes("int32") && types.includes("bool") ? "int32" : "float32";
}

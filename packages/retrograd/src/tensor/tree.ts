/**
 * Trees: nested objects and arrays of tensors, the form in which users hand over parameters,
 * states and inputs. Flattened in the order of their keys as written; paths name leaves in
 * messages ("n.W").
 */
import { fail, shown } from "../errors.ts";
import { sameShape, Tensor } from "./tensor.ts";

export type Tree<L = Tensor> = L | readonly Tree<L>[] | { readonly [key: string]: Tree<L> };
/** The same tree with other leaves. */
export type Like<T, From, To> = T extends From
  ? To
  : T extends object
    ? { [K in keyof T]: Like<T[K], From, To> }
    : T;

type IsLeaf = (x: unknown) => boolean;
export const isTensor: IsLeaf = (x) => x instanceof Tensor;

/** What messages call the place at a path of a tree: "state.h of scan". */
export type Place = (path: string) => string;
const anywhere: Place = (path) => path || "tree";
/** Places in a group that has a name: "state.h of scan". */
export const groupOf =
  (group: string, of: string): Place =>
  (path) =>
    `${path ? `${group}.${path}` : group} of ${of}`;

/** Leaves of a tree with their paths. @throws "not-a-tensor" */
export function leavesOf<L>(
  tree: unknown,
  isLeaf: IsLeaf = isTensor,
  path = "",
  place = anywhere,
): [string, L][] {
  if (isLeaf(tree)) return [[path, tree as L]];
  if (tree === null || tree === undefined) return [];
  const numbers = isNumbers(tree);
  if (numbers || typeof tree !== "object")
    fail("not-a-tensor", { where: place(path), given: shown(tree), numbers });
  return Object.entries(tree).flatMap(([k, v]) =>
    leavesOf<L>(v, isLeaf, path ? `${path}.${k}` : k, place),
  );
}

/** What `tensor` would take. */
const isNumbers = (x: unknown): boolean =>
  typeof x === "number" ||
  typeof x === "boolean" ||
  ArrayBuffer.isView(x) ||
  (Array.isArray(x) && x.length > 0 && x.every(isNumbers));

/** The leaves alone; it runs at every call of a program, so it builds no paths. */
export function flatten(tree: unknown, place?: Place): Tensor[] {
  const out: Tensor[] = [];
  // What is neither tensor nor tree is refused, by its path.
  if (!collect(tree, out)) leavesOf(tree, isTensor, "", place);
  return out;
}
/** Adds the leaves of a tree to `out`; false where something is neither tensor nor tree. */
function collect(tree: unknown, out: Tensor[]): boolean {
  if (tree instanceof Tensor) out.push(tree);
  else if (tree === null || typeof tree !== "object") return tree === null || tree === undefined;
  else for (const x of Object.values(tree)) if (!collect(x, out)) return false;
  return true;
}

/** The leaves of a list of arguments, whose places are "argument 0 of grad". */
export function flattenArguments(args: readonly unknown[], of: string, what = "argument") {
  const out: Tensor[] = [];
  args.forEach((arg, k) => {
    if (!collect(arg, out)) leavesOf(arg, isTensor, "", groupOf(`${what} ${k}`, of));
  });
  return out;
}

/** True for trees of the same keys, in the same order, whose leaves have the same types. */
export function alike(a: unknown, b: unknown): boolean {
  if (a instanceof Tensor)
    return b instanceof Tensor && a.dtype === b.dtype && sameShape(a.shape, b.shape);
  if (a === null || typeof a !== "object") return a === b;
  if (b === null || typeof b !== "object" || b instanceof Tensor) return false;
  const [mine, others] = [Object.keys(a), Object.keys(b)];
  return (
    mine.length === others.length &&
    mine.every((key, i) => key === others[i] && alike((a as any)[key], (b as any)[key]))
  );
}
export const paths = (tree: unknown): string[] => leavesOf(tree).map(([p]) => p);

/** Replace each leaf of `tree`, keeping its structure. */
export function mapTree<T>(
  tree: T,
  f: (leaf: any, path: string) => unknown,
  isLeaf: IsLeaf = isTensor,
  path = "",
): any {
  if (isLeaf(tree)) return f(tree, path);
  if (tree === null || typeof tree !== "object") return tree;
  if (Array.isArray(tree))
    return tree.map((v, i) => mapTree(v, f, isLeaf, path ? `${path}.${i}` : `${i}`));
  return Object.fromEntries(
    Object.entries(tree).map(([k, v]) => [k, mapTree(v, f, isLeaf, path ? `${path}.${k}` : k)]),
  );
}

/** Put `leaves` into the structure of `like`, in order. */
export function rebuild<T>(like: T, leaves: readonly unknown[], isLeaf: IsLeaf = isTensor): any {
  let next = 0;
  return mapTree(like, () => leaves[next++], isLeaf);
}

/** The leaves of `tree`, which must have the structure of `like`. @throws "tree-mismatch" */
export function flattenLike(like: unknown, tree: unknown, where: string): Tensor[] {
  const want = paths(like),
    got = leavesOf<Tensor>(tree, isTensor, "", (path) => (path ? `${path} of ${where}` : where));
  const given = got.map(([p]) => p);
  const missing = want.filter((p) => !given.includes(p)),
    extra = given.filter((p) => !want.includes(p));
  if (missing.length || extra.length)
    fail("tree-mismatch", {
      where,
      given: given.join(", ") || "no tensors",
      expected: want.join(", ") || "no tensors",
    });
  const byPath = new Map(got);
  return want.map((p) => byPath.get(p)!);
}

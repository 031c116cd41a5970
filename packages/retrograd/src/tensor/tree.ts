/**
 * Trees: nested objects and arrays of tensors, the form in which users hand over parameters,
 * states and inputs. Flattened in the order of their keys as written; paths name leaves in
 * messages ("n.W").
 */
import { fail } from "../errors.ts";
import { sameShape, Tensor } from "./tensor.ts";

export type Tree<L = Tensor> = L | readonly Tree<L>[] | { readonly [key: string]: Tree<L> };
/** The same tree with other leaves. */
export type Like<T, From, To> = T extends From
  ? To
  : T extends object
    ? { [K in keyof T]: Like<T[K], From, To> }
    : T;

export interface Structure<T> {
  readonly paths: readonly string[];
  rebuild<L>(leaves: readonly L[]): T;
  flatten(tree: T, where?: string): Tensor[];
}

type IsLeaf = (x: unknown) => boolean;
const isTensor: IsLeaf = (x) => x instanceof Tensor;

/** Leaves of a tree with their paths. */
export function leavesOf<L>(tree: unknown, isLeaf: IsLeaf = isTensor, path = ""): [string, L][] {
  if (isLeaf(tree)) return [[path, tree as L]];
  if (tree === null || tree === undefined) return [];
  if (typeof tree !== "object")
    fail("tree-mismatch", {
      where: path || "tree",
      given: String(tree),
      expected: "tensors, objects or arrays",
    });
  return Object.entries(tree as object).flatMap(([k, v]) =>
    leavesOf<L>(v, isLeaf, path ? `${path}.${k}` : k),
  );
}

/** The leaves alone; it runs at every call of a program, so it builds no paths. */
export function flatten(tree: unknown): Tensor[] {
  const out: Tensor[] = [];
  const visit = (x: unknown): void => {
    if (x instanceof Tensor) out.push(x);
    else if (x !== null && typeof x === "object") Object.values(x).forEach(visit);
    else if (x !== null && x !== undefined) leavesOf(tree); // refuses it, by its path
  };
  visit(tree);
  return out;
}
/** True for trees of the same keys, in the same order, whose leaves have the same types. */
export function alike(a: unknown, b: unknown): boolean {
  if (a instanceof Tensor)
    return b instanceof Tensor && a.dtype === b.dtype && sameShape(a.shape, b.shape);
  if (a === null || typeof a !== "object") return a === b;
  if (b === null || typeof b !== "object" || b instanceof Tensor) return false;
  const [mine, others] = [Object.entries(a), Object.entries(b)];
  return (
    mine.length === others.length &&
    mine.every(([key, x], i) => key === others[i][0] && alike(x, others[i][1]))
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
    got = leavesOf<Tensor>(tree);
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

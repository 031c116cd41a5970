/** Chooses how a map with a sum becomes a kernel: register tiles, or a plain reduction. */
import { bytesOf } from "../scalar/dtype.ts";
import { slot } from "../scalar/index.ts";
import { type Axis, joinAxes, type Operand } from "./axes.ts";
import {
  type Contraction,
  LEFT,
  type ProductShape,
  product,
  productShape,
  productSlots,
  RIGHT,
  readsOf,
  seenBy,
} from "./contraction.ts";
import { panelsInPlace } from "./pack.ts";
import { lanesFor, writing } from "./pointwise.ts";
import { type Reduction, reduction } from "./reduce.ts";
import { stretchesOf, tiled, tileFor } from "./tile.ts";
import type { Workspace } from "./workspace.ts";

/** A step that is what the registers hold. */
export const THE_SUM = { body: slot(0), operands: [], name: "sum" } as const;

/** Emit the kernels of a reduction; `addends` are added to the result as it is stored. */
export function emitReduction(w: Workspace, r: Reduction, addends: readonly Operand[]): void {
  const found = asProduct(r, addends);
  if (found && worthTiling(w, found.contraction, found.shape))
    emitProduct(w, found.contraction, found.shape);
  else {
    const [initial, ...more] = addends;
    if (more.length) throw new Error("a plain reduction takes one addend");
    w.emit(reduction({ ...r, initial }, w.can));
  }
}

/** True when the sum and its addends run as a product of matrices: a plain reduction takes one. */
export function isTiled(w: Workspace, r: Reduction, addends: readonly Operand[]): boolean {
  const found = asProduct(r, addends);
  return found !== undefined && worthTiling(w, found.contraction, found.shape);
}

/**
 * True when the steps of `r` can be computed while its sum lies in the registers of a tile: vectors
 * are whole, k is walked once, and what the steps read leaves the tile as it is.
 */
export function takesSteps(w: Workspace, r: Reduction, addends: readonly Operand[]): boolean {
  const [plain, found] = [asProduct({ ...r, steps: undefined }, addends), asProduct(r, addends)];
  if (!plain || !found || !worthTiling(w, found.contraction, found.shape)) return false;
  const { contraction: c, shape } = found;
  const lanes = w.can.vectorBytes / bytesOf(c.dtype);
  const { vectors } = tileFor(shape.m.size, shape.n.size, lanes, w.can);
  const [stretch, ...more] = stretchesOf(shape.k, vectors * w.can.vectorBytes);
  return (
    shape.m.size === plain.shape.m.size &&
    shape.n.size === plain.shape.n.size &&
    shape.n.size % lanes === 0 &&
    stretch.count === 1 &&
    more.length === 0 &&
    lanesFor(c.steps, readsOf(c), w.can) === lanes
  );
}

function asProduct(
  r: Reduction,
  addends: readonly Operand[],
): { contraction: Contraction; shape: ProductShape } | undefined {
  const slots = r.reduce === "sum" ? productSlots(r.body) : undefined;
  if (!slots || r.dtype === "int32") return undefined;
  const [left, right] = slots.map((k) => r.operands[k]);
  return productShape({
    left,
    right,
    out: r.out,
    store: r.store,
    sizes: r.sizes,
    dtype: r.dtype,
    addends,
    steps: r.steps ?? [{ ...THE_SUM, dtype: r.dtype, stores: [r.store] }],
    name: r.name,
  });
}

function worthTiling(w: Workspace, c: Contraction, shape: ProductShape): boolean {
  // Tiles store what k left in their registers, and an empty k leaves nothing.
  if (product(shape.k) === 0) return false;
  if (!fillsLanes(shape, w.can.vectorBytes / bytesOf(c.dtype))) return false;
  // With one row, each element of the right operand is used once: packing pays only outside.
  return shape.m.size > 1 || shape.n.strides[RIGHT] === 1 || w.isInvariant(c.right.view);
}

/**
 * Lanes past the last column compute nothing. A plain sum along k uses all of them, but then has
 * to join them, for each element; where k lies dense in neither operand, it uses one.
 */
function fillsLanes({ n, k }: ProductShape, lanes: number): boolean {
  const { strides } = k[k.length - 1];
  if (strides[LEFT] !== 1 && strides[RIGHT] !== 1) return true;
  const joining = (2 * Math.log2(lanes)) / product(k);
  return n.size * (1 / lanes + joining) >= 1 / 2;
}

function emitProduct(w: Workspace, given: Contraction, first: ProductShape): void {
  const { c, shape } = withNearRows(w, given, first);
  const lanes = w.can.vectorBytes / bytesOf(c.dtype);
  const tile = tileFor(shape.m.size, shape.n.size, lanes, w.can),
    width = tile.vectors * lanes;
  const inPlace =
    shape.n.strides[RIGHT] === 1 &&
    !w.isInvariant(c.right.view) &&
    (shape.m.size <= 2 || product(shape.k) * shape.n.size <= 64 * lanes) &&
    shape.n.size % lanes === 0;
  const panels = inPlace
    ? panelsInPlace(c.right, shape, width)
    : w.pack(c.right, shape, width, `pack_${c.name}`);
  w.emit(tiled(c, shape, tile, panels, w.can));
}

/**
 * A left operand whose k lies far apart pushes its own rows out of the cache. Where another order
 * of k helps, panels are packed in that one; else the operand is copied first: in strips of rows
 * where rows lie side by side, for then each k of a strip is one cache line.
 */
function withNearRows(
  w: Workspace,
  c: Contraction,
  shape: ProductShape,
): { c: Contraction; shape: ProductShape } {
  const { m, n } = shape;
  if (n.size < 32 || m.size === 1) return { c, shape };
  const isStriped = m.strides[LEFT] === 1 && m.size > STRIP && m.size % STRIP === 0;
  const steps = shape.k.filter((a) => a.size > 1).map((a) => Math.abs(a.strides[LEFT]));
  if (isStriped && steps.length > 0 && Math.min(...steps) >= PAGE)
    return gathered(w, c, inStrips(shape));
  if (!isFar(shape.k)) return { c, shape };
  const k = [...shape.k].sort((a, b) => Math.abs(b.strides[LEFT]) - Math.abs(a.strides[LEFT]));
  const near = joinAxes(seenBy(LEFT, k));
  return isFar(near) ? gathered(w, c, shape) : { c, shape: { ...shape, k } };
}
const isFar = (k: readonly Axis[]): boolean =>
  k.some((a) => a.size > 1 && Math.abs(a.strides[LEFT]) >= FAR);
/** Elements from which on a k is far, and on a page of its own; rows of a strip. */
const FAR = 4096,
  PAGE = 1024,
  STRIP = 16;

/** Strips of rows as one more outer axis. */
function inStrips({ outer, m, n, k }: ProductShape): ProductShape {
  const strips = {
    letters: m.letters,
    size: m.size / STRIP,
    strides: m.strides.map((s) => s * STRIP),
  };
  return { outer: [...outer, strips], m: { ...m, size: STRIP }, n, k };
}

/** The product with its left operand copied to [outer…, k…, m]. */
function gathered(
  w: Workspace,
  c: Contraction,
  shape: ProductShape,
): { c: Contraction; shape: ProductShape } {
  const axes = [...shape.outer.filter((a) => a.strides[LEFT] !== 0), ...shape.k, shape.m];
  const sizes = axes.map((a) => a.size);
  const from = { ...c.left.view, shape: sizes, strides: axes.map((a) => a.strides[LEFT]) };
  const view = w.allocate(sizes, c.dtype, "gathered");
  w.emit(writing(view, "gather", slot(0), [from], w.can));
  const moved = (a: Axis): Axis =>
    axes.includes(a) ? { ...a, strides: a.strides.with(LEFT, view.strides[axes.indexOf(a)]) } : a;
  return {
    c: { ...c, left: { view, letters: "" } },
    shape: {
      outer: shape.outer.map(moved),
      m: moved(shape.m),
      n: shape.n,
      k: joinAxes(shape.k.map(moved)),
    },
  };
}

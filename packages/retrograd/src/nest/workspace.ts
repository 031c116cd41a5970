/**
 * What lowering writes into: buffers, and a block of items per depth of the schedule's loops.
 * Work that does not change inside a loop is put into the block outside it; packed operands are
 * remembered there.
 */
import { bytesOf, type Data, type DType } from "../scalar/dtype.ts";
import { type Shape, sizeOf } from "../tensor/tensor.ts";
import { joinAxes, type Operand } from "./axes.ts";
import { type ProductShape, RIGHT, seenBy } from "./contraction.ts";
import type { Abilities, Buffer, Item, Kernel, Schedule } from "./nest.ts";
import type { Panels } from "./pack.ts";
import { packedPanels, packing, panelLength, rowLength } from "./pack.ts";
import type { Weights } from "./program.ts";
import { type View, viewKey, whole } from "./view.ts";

/** How a right operand is walked, whatever the left one looks like. */
const rightAxes = ({ n, k, outer }: ProductShape): string =>
  [...joinAxes(seenBy(RIGHT, k)), ...seenBy(RIGHT, [n, ...outer])]
    .map((a) => `${a.size}*${a.strides}`)
    .join();

export class Workspace {
  readonly buffers: Buffer[] = [];
  readonly setup: Item[] = [];
  readonly can: Abilities;
  /**
   * Residents and constants that no call writes: what is packed from them is kept between calls.
   */
  readonly stable = new Set<Buffer>();
  readonly #blocks: Item[][] = [[]];
  readonly #loopDepth = new Map<string, number>();
  readonly #packed: Map<string, Buffer>[] = [new Map()];
  readonly #weights: Weights;
  #names = 0;
  constructor(can: Abilities, weights: Weights) {
    this.can = can;
    this.#weights = weights;
  }

  get depth(): number {
    return this.#blocks.length - 1;
  }
  get block(): Item[] {
    return this.#blocks[this.depth];
  }
  finish = (notes: readonly string[]): Schedule => ({
    setup: this.setup,
    main: this.#blocks[0],
    buffers: this.buffers,
    notes,
  });

  buffer(
    shape: Shape,
    dtype: DType,
    name: string,
    options: { kind?: Buffer["kind"]; depth?: number; data?: Data } = {},
  ): Buffer {
    const buffer: Buffer = {
      id: this.buffers.length,
      name,
      dtype,
      length: sizeOf(shape),
      kind: options.kind ?? "temporary",
      depth: options.depth ?? this.depth,
      data: options.data,
    };
    this.buffers.push(buffer);
    return buffer;
  }
  allocate = (shape: Shape, dtype: DType, name: string): View =>
    whole(this.buffer(shape, dtype, name), shape);
  emit(kernel: Kernel): void {
    this.block.push({ kind: "kernel", kernel: this.#unique(kernel) });
  }
  /** Add buffers up over all shards. */
  collective(buffers: readonly Buffer[]): void {
    this.block.push({ kind: "collective", name: `allReduce_${this.#names++}`, buffers });
  }
  #unique = (kernel: Kernel): Kernel => ({
    ...kernel,
    name: `${kernel.name.replace(/[^A-Za-z0-9_]+/g, "_")}_${this.#names++}`,
  });

  /** Write `body` inside a loop over `count` steps. */
  loop(count: number, reverse: boolean, name: string, body: (index: string) => void): void {
    const index = `t${this.#names++}`,
      items = this.inner(() => body(index), { index });
    if (count > 0) this.block.push({ kind: "loop", index, count, reverse, body: items, name });
  }
  /** Write a block one level deeper, behind the items that it has, and give it back. */
  inner(body: () => void, { index, items = [] }: { index?: string; items?: Item[] } = {}): Item[] {
    this.#blocks.push(items);
    this.#packed.push(new Map());
    if (index) this.#loopDepth.set(index, this.depth);
    body();
    this.#packed.pop();
    return this.#blocks.pop()!;
  }
  /** Write what runs once, after residents are written; packs of it come when it is known. */
  once(body: () => void): void {
    this.inner(body, { items: this.setup });
  }
  push(item: Item): void {
    this.block.push(item);
  }

  /** The outermost depth at which a view has its value. */
  #depthOf(v: View): number {
    const loops = v.offset.terms.map(([i]) => this.#loopDepth.get(i) ?? 0);
    return Math.min(this.depth, Math.max(v.buffer.depth, ...loops));
  }
  /** True when the operand is known outside the loop we are in. */
  isInvariant = (v: View): boolean =>
    this.depth > 0 ? this.#depthOf(v) < this.depth : this.stable.has(v.buffer);

  /** Panels of a right operand, packed where it is known and only once there. */
  pack(right: Operand, shape: ProductShape, width: number, name: string): Panels {
    const depth = this.#depthOf(right.view),
      { dtype } = right.view.buffer,
      lasting = depth === 0 && this.stable.has(right.view.buffer);
    const lanes = this.can.vectorBytes / bytesOf(dtype);
    const halves = lasting && this.#weights === "bfloat16" && dtype === "float32" ? lanes : 0;
    const key = `${viewKey(right.view)}|${width}|${rightAxes(shape)}`;
    for (let d = 0; d <= depth; d++) {
      const known = this.#packed[d].get(key);
      if (known) return packedPanels(known, shape, width, halves);
    }
    const buffer = this.buffer(
      [panelLength(shape, width, rowLength(width, halves))],
      halves ? "int32" : dtype,
      `packed ${right.view.buffer.name}`,
      { depth, kind: lasting ? "resident" : "temporary" },
    );
    const panels = packedPanels(buffer, shape, width, halves);
    const kernel = this.#unique(packing(right, shape, width, panels, dtype, lanes, name));
    (lasting ? this.setup : this.#blocks[depth]).push({ kind: "kernel", kernel });
    this.#packed[depth].set(key, buffer);
    return panels;
  }
}

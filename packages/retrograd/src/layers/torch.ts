/**
 * Weights under PyTorch's names, in its layouts and its order of gates. A layer of a sequential
 * has the prefix "layers.1."; a cell in it "weight_ih_l0" and so on, "_reverse" for the way back,
 * and the next number for the next cell of a stack.
 *
 *   ours [in, gates, size]   PyTorch's [gates · size, in]
 */
import { isBidirectional } from "../cells/bidirectional.ts";
import type { Cell } from "../cells/cell.ts";
import { isCell } from "../cells/isCell.ts";
import { fail } from "../errors/weights.ts";
import { shown } from "../errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { leavesOf, mapTree } from "../tensor/tree.ts";
import type { Layer } from "./layer.ts";
import { treeOf } from "./safetensors.ts";
import { type Named, Taken } from "./taken.ts";
import { classicCell } from "./torchCells.ts";
import { transposed } from "./torchLayouts.ts";

export interface TorchOptions {
  /** The name that each layer has in the PyTorch module: ["embed", "rnn", "head"]. */
  readonly names?: readonly string[];
}

/** One part of a model and the names that PyTorch gives its weights. */
interface Codec {
  write(params: any, out: Named): void;
  read(weights: Taken): any;
}

/**
 * Parameters under PyTorch's names. What PyTorch does not have (a cell of one's own) keeps its own.
 * A cell with one bias gives it as bias_ih, and zeros as bias_hh.
 */
export function toTorch(model: Layer, params: unknown, options: TorchOptions = {}): Named {
  const out: Named = {};
  codecOf(model, options).write(params, out);
  return out;
}

/**
 * Parameters from weights under PyTorch's names. Two biases are added where the cell has one.
 * @param weights  as decodeSafetensors reads them
 * @throws         "weights-missing" naming what lacks and what nothing takes
 */
export function fromTorch<P>(
  model: Layer<P>,
  weights: Readonly<Named>,
  options: TorchOptions = {},
): P {
  const taken = new Taken(weights);
  const params = codecOf(model, options).read(taken);
  const extra = Object.keys(weights).filter((name) => !taken.taken.has(name));
  if (taken.missing.length > 0 || extra.length > 0)
    fail("weights-missing", {
      what: model.name,
      missing: listed(taken.missing),
      extra: listed(extra),
    });
  return params as P;
}

const listed = (names: readonly string[]): string =>
  names.length > 6
    ? `${names.slice(0, 5).join(", ")} and ${names.length - 5} more`
    : names.join(", ");

function codecOf(layer: Layer, { names }: TorchOptions = {}): Codec {
  if (typeof layer?.plan !== "function")
    fail("bad-argument", {
      where: "PyTorch's names",
      given: isCell(layer) ? "a cell" : shown(layer),
      expected: "a model or a layer, such as unroll(lstm({ size: 32 }))",
    });
  const layers = (layer as { layers?: readonly Layer[] }).layers;
  if (layers) {
    if (names && names.length !== layers.length)
      fail("bad-argument", {
        where: "names of the layers",
        given: `${names.length} names`,
        expected: `${layers.length}, one for each layer`,
      });
    const prefix = (k: number) => `${names ? names[k] : `layers.${k}`}.`;
    return several(layers.map((inner, k) => [prefix(k), codecOf(inner)]));
  }
  if (layer.kind === "unroll") return ofCell((layer as unknown as { cell: unknown }).cell);
  return renamed[layer.kind] ?? own;
}

/** Parts in a list, each under a prefix. */
const several = (parts: readonly (readonly [string, Codec])[]): Codec => ({
  write: (params, out) =>
    parts.forEach(([prefix, codec], k) => {
      const inner: Named = {};
      codec.write(params[k] ?? {}, inner);
      for (const [name, t] of Object.entries(inner)) out[prefix + name] = t;
    }),
  read: (weights) => parts.map(([prefix, codec]) => codec.read(weights.under(prefix))),
});

function ofCell(given: unknown): Codec {
  if (!isBidirectional(given)) return cellCodec(given as Cell, "");
  const [forward, backward] = [cellCodec(given.forward, ""), cellCodec(given.backward, "_reverse")];
  return {
    write(params, out) {
      forward.write(params.forward, out);
      backward.write(params.backward, out);
    },
    read: (weights) => ({ forward: forward.read(weights), backward: backward.read(weights) }),
  };
}

/** A cell, or the cells of a stack, as the layers l0, l1, … of one module. */
function cellCodec(cell: Cell, way: string): Codec {
  const { cells } = cell.options as { cells?: readonly Cell[] };
  if (!cells?.every(isCell)) return classicCell(cell, `_l0${way}`) ?? own;
  const codecs = cells.map((inner, k) => classicCell(inner, `_l${k}${way}`));
  if (!codecs.every((codec) => codec !== undefined)) return own;
  return {
    write: (params, out) => codecs.forEach((codec, k) => codec.write(params[k], out)),
    read: (weights) => codecs.map((codec) => codec.read(weights)),
  };
}

/** Under the names that they have here. */
const own: Codec = {
  write(params, out) {
    for (const [name, t] of leavesOf<Tensor>(params)) out[name] = t;
  },
  read: (weights) => mapTree(treeOf(weights.rest()), (t: Tensor) => t),
};

/** Layers whose weights differ from PyTorch's in name and layout alone. */
const renamed: Readonly<Record<string, Codec>> = {
  dense: {
    write({ W, b }, out) {
      out.weight = transposed(W);
      if (b) out.bias = b;
    },
    read(weights) {
      const W = weights.take("weight");
      const b = weights.maybe("bias");
      return { W: W && transposed(W), ...(b && { b }) };
    },
  },
  embedding: {
    write({ table }, out) {
      out.weight = table;
    },
    read: (weights) => ({ table: weights.take("weight") }),
  },
  layerNorm: {
    write({ scale, shift }, out) {
      out.weight = scale;
      out.bias = shift;
    },
    read: (weights) => ({ scale: weights.take("weight"), shift: weights.take("bias") }),
  },
};

/** A model as a table: its layers, what leaves each, and how many parameters it has. */
import type { Initial } from "../cells/init.ts";
import { isInitial } from "../cells/init.ts";
import { fail } from "../errors/layers.ts";
import { showShape, sizeOf, type Tensor, type Type } from "../tensor/tensor.ts";
import { leavesOf } from "../tensor/tree.ts";
import { type Layer, type Plan, showFlow } from "./layer.ts";
import { type InitOptions, inputOf } from "./model.ts";

/** One row of the table. */
export interface LayerRow {
  readonly place: string;
  readonly layer: string;
  readonly output: string;
  readonly parameters: number;
  readonly shapes: string;
}

/**
 * Rows of a model, one for each layer and a last one for all.
 * @param options  { input } or { params } where the first layer does not say what comes in
 * @throws         "input-unknown"
 */
export function rowsOf(model: Layer, options: InitOptions & { params?: unknown } = {}): LayerRow[] {
  const input =
    inputOf(model, options.params, options) ?? fail("input-unknown", { what: model.name });
  const plan = model.plan(input, options.dtype ?? "float32");
  const inner = rows("", model, plan);
  const total = count(plan);
  return [
    { place: "", layer: "input", output: showFlow(input), parameters: 0, shapes: "" },
    ...inner,
    { place: "", layer: "total", output: showFlow(plan.output), parameters: total, shapes: "" },
  ];
}

/** The table as text. */
export function describe(model: Layer, options?: InitOptions & { params?: unknown }): string {
  const head = ["", "layer", "output", "parameters", "shapes"];
  const cells = rowsOf(model, options).map((row) => [
    row.place,
    row.layer,
    row.output,
    row.parameters.toLocaleString("en-US"),
    row.shapes,
  ]);
  const all = [head, ...cells];
  const widths = head.map((_, c) => Math.max(...all.map((row) => row[c].length)));
  const line = (row: readonly string[]) =>
    row
      .map((text, c) => (c === 3 ? text.padStart(widths[c]) : text.padEnd(widths[c])))
      .join("  ")
      .trimEnd();
  return all.map(line).join("\n");
}

function rows(place: string, layer: Layer, plan: Plan): LayerRow[] {
  const layers = (layer as { layers?: readonly Layer[] }).layers;
  if (layers && plan.plans)
    return layers.flatMap((inner, k) =>
      rows(place ? `${place}.${k}` : `${k}`, inner, plan.plans![k]),
    );
  const shapes = leavesOf<Initial>(plan.params, isInitial)
    .map(([path, { shape }]) => `${path} ${showShape(shape)}`)
    .join(", ");
  return [
    { place, layer: layer.name, output: showFlow(plan.output), parameters: count(plan), shapes },
  ];
}

const count = (plan: Plan): number =>
  leavesOf<Initial>(plan.params, isInitial).reduce((n, [, { shape }]) => n + sizeOf(shape), 0);

/** How many numbers a tree of parameters holds. */
export const countParameters = (params: unknown): number =>
  leavesOf<Tensor>(params).reduce((n, [, t]) => n + sizeOf((t as Type).shape), 0);

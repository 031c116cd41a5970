/** Figures of every run: the loss, the gradient's norm, and how far back the gradient reaches. */
import * as Plot from "@observablehq/plot";
import { COLOUR, type Figure, logTicks, plainNumber, thin } from "./charts.ts";
import type { ReportData } from "./data.ts";

interface StepRow {
  readonly step: number;
  readonly loss: number;
  readonly norm: number;
}

const stepsOf = ({ metrics }: ReportData): StepRow[] =>
  metrics.filter((event) => event.type === "step");

/** Means over stretches of steps: what a trend is read from. */
function smooth(
  rows: readonly StepRow[],
  value: "loss" | "norm",
): { step: number; value: number }[] {
  const size = Math.max(1, Math.ceil(rows.length / 120));
  const means: { step: number; value: number }[] = [];
  for (let at = 0; at < rows.length; at += size) {
    const part = rows.slice(at, at + size);
    const mean = part.reduce((sum, row) => sum + row[value], 0) / part.length;
    means.push({ step: part[part.length >> 1].step, value: mean });
  }
  return means;
}

const wide = (values: readonly number[]): boolean =>
  Math.min(...values) > 0 && Math.max(...values) / Math.min(...values) > 20;

/** Its domain reaches to the outermost ticks: none stands outside of the frame. */
const logAxis = (values: readonly number[]) => {
  const ticks = logTicks(values);
  const all = [...values, ...ticks];
  const domain = [Math.min(...all), Math.max(...all)];
  return { type: "log" as const, domain, ticks, tickFormat: plainNumber };
};

export function lossFigure(data: ReportData): Figure {
  const steps = stepsOf(data);
  const checks = data.metrics.filter((event) => event.type === "validation");
  const best = checks.filter((event) => event.best).at(-1);
  const isText = data.task === "language";
  const scale = isText ? 1 / Math.LN2 : 1;
  const rows = thin(steps, 1500).map((row) => ({ ...row, loss: row.loss * scale }));
  const means = smooth(steps, "loss").map((row) => ({ ...row, value: row.value * scale }));
  const validation = checks.map(({ step, loss }) => ({ step, loss: loss * scale }));
  const kept = best
    ? ` The weights are those of step ${best.step}, where the validation loss was smallest.`
    : "";
  return {
    title: "Loss over training",
    text: `${isText ? "Bits per character" : "Mean squared error, in units of the differences that are forecast"}: every step, its running mean, and the validation part.${kept}`,
    legend: [
      ["training", COLOUR.model],
      ...(checks.length ? [["validation", COLOUR.accent] as const] : []),
    ],
    draw: (narrow) => ({
      x: { label: "step", ticks: narrow ? 4 : 8 },
      y: {
        label: null,
        grid: true,
        nice: true,
        ...(wide(means.map(({ value }) => value))
          ? logAxis(rows.map(({ loss }) => loss))
          : { ticks: 5 }),
      },
      marks: [
        Plot.dot(rows, { x: "step", y: "loss", r: 1, fill: COLOUR.model, fillOpacity: 0.25 }),
        Plot.line(means, { x: "step", y: "value", stroke: COLOUR.model, strokeWidth: 2 }),
        Plot.line(validation, { x: "step", y: "loss", stroke: COLOUR.accent, strokeWidth: 2 }),
        Plot.dot(validation, { x: "step", y: "loss", fill: COLOUR.accent, r: 2.5 }),
        ...(best
          ? [Plot.ruleX([best.step], { stroke: COLOUR.accent, strokeDasharray: "3,3" })]
          : []),
      ],
    }),
  };
}

export function normFigure(data: ReportData): Figure {
  const steps = stepsOf(data).filter(({ norm }) => norm > 0);
  const { clip } = data.config.learning;
  const clipped = steps.filter(({ norm }) => norm > clip).length;
  const share = Math.round((100 * clipped) / Math.max(1, steps.length));
  const means = smooth(steps, "norm");
  const norms = steps.map(({ norm }) => norm);
  // A limit far above all norms would press them flat.
  const near = clip < 20 * Math.max(...norms);
  return {
    title: "Norm of the gradient over training",
    text: `Before clipping. Gradients longer than ${clip}${near ? " (dashed)" : ""} are shortened to it: ${share} % of the steps.`,
    legend: [],
    draw: (narrow) => ({
      x: { label: "step", ticks: narrow ? 4 : 8 },
      y: { label: null, grid: true, ...logAxis(near ? [...norms, clip] : norms) },
      marks: [
        Plot.ruleY(near ? [clip] : [], { stroke: COLOUR.faint, strokeDasharray: "4,3" }),
        Plot.dot(thin(steps, 1500), {
          x: "step",
          y: "norm",
          r: 1,
          fill: COLOUR.model,
          fillOpacity: 0.25,
        }),
        Plot.line(means, { x: "step", y: "value", stroke: COLOUR.model, strokeWidth: 2 }),
      ],
    }),
  };
}

/** Names as formulas: ∂L/∂h. */
const nameOf = (state: string, layer: number, many: boolean) =>
  `∂L/∂${state}${many ? ` of layer ${layer}` : ""}`;

export function reachFigure(data: ReportData): Figure {
  const { reaches, reach } = data;
  const layers = [...new Set(reaches.map(({ layer }) => layer))];
  const colours = [COLOUR.model, COLOUR.accent, COLOUR.baseline, COLOUR.truth];
  const curves = reaches.map(({ layer, state, norms }, i) => ({
    name: nameOf(state, layers.indexOf(layer) + 1, layers.length > 1),
    colour: colours[i % colours.length],
    points: norms
      .map((norm, t) => ({ back: norms.length - t, norm }))
      .filter(({ norm }) => norm > 0),
  }));
  const largest = Math.max(
    ...(reaches.find((r) => r.layer === reach.layer && r.state === reach.state)?.norms ?? [1]),
  );
  const shown = curves.flatMap(({ points }) => points.map(({ norm }) => norm));
  const what =
    data.task === "forecast" ? "the error of the forecast" : "the loss of the last character";
  return {
    title: "How far back the gradient reaches",
    text: `${reach.sentence} Shown is the norm of the gradient of ${what} with respect to the state that enters each time step, a mean over windows of the ${data.judged} part; dashed is a hundredth of the largest value.`,
    legend: curves.map(({ name, colour }) => [name, colour]),
    draw: (narrow) => ({
      x: { label: "steps back", reverse: true, ticks: narrow ? 4 : 8 },
      y: { label: null, grid: true, ...logAxis([largest / 100, ...shown]) },
      marks: [
        Plot.ruleY([largest / 100], { stroke: COLOUR.faint, strokeDasharray: "4,3" }),
        ...curves.map(({ points, colour }) =>
          Plot.line(points, { x: "back", y: "norm", stroke: colour, strokeWidth: 2 }),
        ),
      ],
    }),
  };
}

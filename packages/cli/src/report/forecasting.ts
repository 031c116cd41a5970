/** Figures of a forecaster: forecasts beside the truth, what comes next, errors and residuals. */
import * as Plot from "@observablehq/plot";
import { SEEN } from "../show/judged.ts";
import { COLOUR, type Figure, thin } from "./charts.ts";
import type { ForecastReport } from "./data.ts";

type Data = ForecastReport;
const at = (time: number, isDate: boolean): number | Date => (isDate ? new Date(time) : time);
const timeAxis = ({ isDate }: Data, narrow: boolean): Plot.ScaleOptions => ({
  label: null,
  ...(isDate && { type: "utc" as const }),
  ticks: narrow ? 4 : 6,
});

/** Windows that are drawn. */
const most = (horizon: number): number => Math.max(4, Math.ceil(160 / horizon));

export function forecastFigure(data: Data): Figure {
  const { examples, isDate, config, judged } = data;
  const { actual, baseline, target } = examples;
  // Strokes must be told apart: a long part is shown by its end.
  const first = Math.max(0, (examples.forecasts.at(-1)?.window ?? 0) + 1 - most(config.horizon));
  const forecasts = examples.forecasts.filter(({ window }) => window >= first);
  const begin = forecasts[0]?.time ?? -Infinity;
  const from = actual.findIndex(({ time }) => time >= begin);
  const shown = forecasts.map((row) => ({ ...row, when: at(row.time, isDate) }));
  const truth = actual
    .slice(Math.max(0, from - 30))
    .map(({ time, value }) => ({ when: at(time, isDate), value }));
  const line = (y: "model" | "baseline", stroke: string, more = {}) =>
    Plot.line(shown, { x: "when", y, z: "window", stroke, strokeWidth: 1.75, ...more });
  const single = config.horizon === 1;
  const marks = (y: "model" | "baseline", fill: string) =>
    Plot.dot(shown, { x: "when", y, fill, r: 1.5 });
  return {
    title: "Forecast against truth",
    text: `The ${first > 0 ? "end of the " : ""}${judged} part of ${examples.series}, ${SEEN[judged]}. Each coloured stroke is one forecast of ${config.horizon} ${config.horizon === 1 ? "step" : "steps"}, made where it begins.`,
    legend: [
      [target, COLOUR.truth],
      [config.network.cell.toUpperCase(), COLOUR.model],
      [baseline, COLOUR.baseline],
    ],
    draw: (narrow) => ({
      height: narrow ? 260 : 320,
      x: timeAxis(data, narrow),
      y: { label: null, grid: true, nice: true, ticks: 6 },
      marks: [
        Plot.line(truth, { x: "when", y: "value", stroke: COLOUR.truth, strokeWidth: 1.25 }),
        single
          ? marks("baseline", COLOUR.baseline)
          : line("baseline", COLOUR.baseline, { strokeOpacity: 0.8 }),
        single ? marks("model", COLOUR.model) : line("model", COLOUR.model, { strokeWidth: 2.25 }),
      ],
    }),
  };
}

/** What comes after the end of the file, for the first series. */
export function futureFigure(data: Data): Figure {
  const { futures, examples, isDate, config } = data;
  const future = futures.find(({ series }) => series === examples.series) ?? futures[0];
  const { target } = examples;
  const rows = future.times.map((time, h) => ({
    when: at(time, isDate),
    value: future.forecast[target][h],
    low: future.low?.[target][h],
    high: future.high?.[target][h],
  }));
  const past = examples.actual
    .slice(-Math.max(4 * config.horizon, 24))
    .map(({ time, value }) => ({ when: at(time, isDate), value }));
  const band = future.low !== null;
  return {
    title: "What comes next",
    text: `The ${config.horizon === 1 ? "step" : `${config.horizon} steps`} after the end of ${future.series}.${band ? " Between the limits lay 80 % of the validation part." : ""}`,
    legend: [
      [target, COLOUR.truth],
      ["forecast", COLOUR.model],
    ],
    draw: (narrow) => ({
      x: timeAxis(data, narrow),
      y: { label: null, grid: true, nice: true, ticks: 6 },
      marks: [
        ...(band
          ? [
              Plot.areaY(rows, {
                x: "when",
                y1: "low",
                y2: "high",
                fill: COLOUR.model,
                fillOpacity: 0.18,
              }),
            ]
          : []),
        Plot.line(past, { x: "when", y: "value", stroke: COLOUR.truth, strokeWidth: 1.5 }),
        Plot.line(rows, { x: "when", y: "value", stroke: COLOUR.model, strokeWidth: 2.25 }),
        Plot.dot(rows, { x: "when", y: "value", fill: COLOUR.model, r: 2 }),
      ],
    }),
  };
}

export function stepFigure({ scores, examples, judged }: Data): Figure {
  const found = scores.targets.find(({ target }) => target === examples.target)!;
  const colours = [COLOUR.model, COLOUR.baseline, COLOUR.accent];
  const curves = found.scores.map(({ method, byStep }, i) => ({
    method,
    colour: colours[i],
    points: byStep.rmse.map((value, h) => ({ step: h + 1, value })),
  }));
  return {
    title: "Error by steps ahead",
    text: `Root mean squared error on the ${judged} part, in the unit of the data. A model should be below the baselines everywhere; the further ahead, the harder.`,
    legend: curves.map(({ method, colour }) => [method, colour]),
    draw: (narrow) => ({
      x: {
        label: "steps ahead",
        ticks: Math.min(scores.horizon, narrow ? 5 : 12),
        tickFormat: "d",
      },
      y: { label: null, grid: true, zero: true, nice: true, ticks: 5 },
      marks: curves.flatMap(({ points, colour }) => [
        Plot.line(points, { x: "step", y: "value", stroke: colour, strokeWidth: 2 }),
        Plot.dot(points, { x: "step", y: "value", fill: colour, r: 2.5 }),
      ]),
    }),
  };
}

const residualsOf = ({ examples, isDate }: Data) =>
  examples.forecasts
    .filter(({ actual }) => Number.isFinite(actual))
    .map((row) => ({
      when: at(row.time, isDate),
      model: row.actual - row.model,
      baseline: row.actual - row.baseline,
    }));

export function residualFigure(data: Data): Figure {
  const rows = residualsOf(data);
  const mean = rows.reduce((sum, { model }) => sum + model, 0) / Math.max(1, rows.length);
  return {
    title: "Residuals over time",
    text: `Truth less forecast. Their mean is ${mean.toPrecision(2)}; a pattern that the eye can follow is something the model has not learned.`,
    legend: [],
    draw: (narrow) => ({
      x: timeAxis(data, narrow),
      y: { label: null, grid: true, nice: true, ticks: 6 },
      marks: [
        Plot.ruleY([0], { stroke: COLOUR.truth }),
        Plot.ruleX(thin(rows, 400), {
          x: "when",
          y1: 0,
          y2: "model",
          stroke: COLOUR.model,
          strokeOpacity: 0.35,
        }),
        Plot.dot(thin(rows, 400), { x: "when", y: "model", fill: COLOUR.model, r: 2 }),
      ],
    }),
  };
}

export function histogramFigure(data: Data): Figure {
  const rows = residualsOf(data);
  const all = rows.flatMap(({ model, baseline }) => [model, baseline]);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const edges = Array.from({ length: 25 }, (_, i) => low + ((high - low) * i) / 24);
  const bins = { thresholds: edges.slice(1, -1), domain: [low, high] };
  const name = data.config.network.cell.toUpperCase();
  return {
    title: "Residuals, how often",
    text: "The narrower and the nearer to zero, the better.",
    legend: [
      [name, COLOUR.model],
      [data.examples.baseline, COLOUR.baseline],
    ],
    draw: (narrow) => ({
      x: { label: "truth less forecast", ticks: narrow ? 5 : 9 },
      y: { label: null, grid: true, ticks: 5 },
      marks: [
        Plot.rectY(
          rows,
          Plot.binX({ y: "count" }, {
            x: "model",
            fill: COLOUR.model,
            fillOpacity: 0.55,
            ...bins,
          } as never),
        ),
        Plot.lineY(
          rows,
          Plot.binX({ y: "count" }, {
            x: "baseline",
            stroke: COLOUR.baseline,
            strokeWidth: 2,
            curve: "step",
            ...bins,
          } as never),
        ),
        Plot.ruleX([0], { stroke: COLOUR.truth }),
      ],
    }),
  };
}

/**
 * report.html: a run in one page that needs nothing else. First the verdict and the table, then
 * what explains them, and at the end what was decided and what the compiler made of it.
 */
import { SEEN } from "../show/judged.ts";
import { figuresTogether, fixed } from "../show/numbers.ts";
import { forecastVerdict, languageVerdict } from "../show/summary.ts";
import { escape, type Figure, renderFigure } from "./charts.ts";
import type { ForecastReport, LanguageReport, ReportData } from "./data.ts";
import {
  forecastFigure,
  futureFigure,
  histogramFigure,
  residualFigure,
  stepFigure,
} from "./forecasting.ts";
import { STYLE } from "./style.ts";
import { lossFigure, normFigure, reachFigure } from "./training.ts";

export function renderReport(data: ReportData): string {
  const isForecast = data.task === "forecast";
  const title = isForecast
    ? `Forecasting ${data.config.roles.target.join(", ")}`
    : "A character language model";
  const { cell, size, layers } = data.config.network;
  const network = `${layers > 1 ? `${layers} layers of ` : ""}${cell.toUpperCase()} with ${size} units`;
  const steps = data.metrics.filter((event) => event.type === "step").length;
  const body = isForecast ? forecastBody(data) : languageBody(data);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escape(title)} · ${escape(data.source)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escape(title)}</h1>
<p class="lead">${escape(data.source)} · ${escape(network)} · ${steps.toLocaleString("en")} training steps</p>
${body}
${appendix(data)}
<footer>Written by retrograd. Everything in this page is in it; it loads nothing.</footer>
</main>
</body>
</html>
`;
}

const plain = (_: unknown, text: string) => text;

const verdict = (text: string, good: boolean): string =>
  text
    .split("\n")
    .map(
      (line) =>
        `<p class="verdict${good ? "" : " not"}">${escape(line.replace(/^[✓!≈] /, ""))}</p>`,
    )
    .join("\n");

const drawn = (...list: Figure[]): string => list.map(renderFigure).join("\n");

function forecastBody(data: ForecastReport): string {
  const figuresAhead = data.config.horizon > 1 ? [stepFigure(data)] : [];
  return `${verdict(forecastVerdict(data.scores, plain), data.scores.beatsBaselines)}
${forecastTables(data)}
${drawn(forecastFigure(data), futureFigure(data), ...figuresAhead, reachFigure(data))}
${drawn(lossFigure(data), normFigure(data), residualFigure(data), histogramFigure(data))}`;
}

function forecastTables({ scores, judged }: ForecastReport): string {
  const { targets, windows, horizon, season } = scores;
  const caption = `<p class="lead">${windows.toLocaleString("en")} forecasts of ${horizon} steps in the ${judged} part, ${SEEN[judged]}. MASE is the error in units of the ${season > 1 ? "seasonal naive" : "naive"} forecast in the training part: below 1 is better.</p>`;
  const tables = targets.map(({ target, scores }) => {
    const best = Math.min(...scores.map(({ rmse }) => rmse));
    const [rmses, maes] = figuresTogether([scores.map((s) => s.rmse), scores.map((s) => s.mae)]);
    const rows = scores.map(({ method, rmse, mase }, i) =>
      row([method, rmses[i], maes[i], fixed(mase, 3)], rmse === best),
    );
    return tableOf([target, "RMSE", "MAE", "MASE"], rows);
  });
  return tables.join("\n") + caption;
}

function languageBody(data: LanguageReport): string {
  const samples = data.samples
    .map(
      ({ temperature, prompt, text }) =>
        `<h2>Temperature ${temperature}</h2><blockquote><b>${escape(prompt)}</b>${escape(text)}</blockquote>`,
    )
    .join("\n");
  return `${verdict(languageVerdict(data.scores, plain), data.scores.beatsBaselines)}
${languageTables(data)}
${samples}
${drawn(lossFigure(data), reachFigure(data), normFigure(data))}`;
}

function languageTables({ scores: found, judged }: LanguageReport): string {
  const { scores, characters } = found;
  const best = Math.min(...scores.map(({ bits }) => bits));
  const rows = scores.map(({ method, bits }) =>
    row([method, fixed(bits, 3), fixed(2 ** bits, 3)], bits === best),
  );
  const caption = `<p class="lead">Measured on ${characters.toLocaleString("en")} characters of the ${judged} part, ${SEEN[judged]}.</p>`;
  return tableOf(["", "bits per character", "perplexity"], rows) + caption;
}

const row = (cells: readonly string[], best: boolean): string =>
  `<tr${best ? ' class="best"' : ""}>${cells.map((cell) => `<td>${escape(cell)}</td>`).join("")}</tr>`;

const tableOf = (head: readonly string[], rows: readonly string[]): string =>
  `<div class="scroll"><table><thead><tr>${head.map((cell) => `<th>${escape(cell)}</th>`).join("")}</tr></thead><tbody>${rows.join("\n")}</tbody></table></div>`;

function appendix({ notes, config, program }: ReportData): string {
  const list = notes.map((note) => `<li>${escape(note)}</li>`).join("\n");
  const settings = JSON.stringify({ ...config.network, ...config.learning }, null, 2);
  return `<details open><summary>What was decided</summary><ul>${list}</ul></details>
<details><summary>Network and learning</summary><pre>${escape(settings)}</pre></details>
<details><summary>The training step, as it was compiled</summary>
<pre>${escape(program)}</pre></details>`;
}

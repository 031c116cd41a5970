/** The end of a run, as people read it: a table beside what costs nothing, and a verdict. */

import type { ForecastScores, Future, LanguageScores } from "retrograd/tasks";
import { table } from "./columns.ts";
import { count, figuresTogether, fixed, placesOf, plural } from "./numbers.ts";
import type { Terminal } from "./terminal.ts";
import { timeText } from "./times.ts";

type Paint = Terminal["paint"];

/** @param judged  what the scores are on: the beginning of a line */
export function forecastTable(scores: ForecastScores, judged: string, paint: Paint): string {
  const { windows, horizon, targets } = scores;
  const parts = targets.map(({ target, scores: rows }) => {
    const best = Math.min(...rows.map(({ rmse }) => rmse));
    const shown = stepsShown(horizon);
    const head = [target, "RMSE", "MAE", "MASE", ...shown.map((h) => `RMSE +${h + 1}`)];
    // MASE has no unit; all others are in the unit of the target, with as many decimals.
    const [rmse, mae, ...steps] = figuresTogether([
      rows.map((row) => row.rmse),
      rows.map((row) => row.mae),
      ...shown.map((h) => rows.map(({ byStep }) => byStep.rmse[h])),
    ]);
    const places = Math.max(2, Math.min(3, placesOf(rmse)));
    const mase = rows.map((row) => fixed(row.mase, places));
    const lines = byColumn([rows.map(({ method }) => method), rmse, mae, mase, ...steps]);
    const style = (row: number, text: string) =>
      row < 0 ? paint("dim", text) : rows[row].rmse === best ? paint("bold", text) : text;
    return table(head, lines, style);
  });
  const what = `${plural(windows, "forecast")} of ${plural(horizon, "step")} each`;
  return `${judged}: ${what}\n\n${parts.join("\n\n")}`;
}

const byColumn = (columns: readonly (readonly string[])[]): string[][] =>
  columns[0].map((_, row) => columns.map((column) => column[row]));

/** The first step ahead, one in the middle and the last. */
const stepsShown = (horizon: number): number[] =>
  [0, horizon >> 1, horizon - 1].filter((h, i, all) => horizon > 1 && all.indexOf(h) === i);

/** Less than 1 % is no difference to praise or to blame. */
const alike = (own: number, rival: number): boolean =>
  own === rival || Math.abs(own - rival) < 0.01 * rival;
/** " 17 %"; nothing beside what makes no error at all. */
const percent = (own: number, rival: number): string =>
  rival > 0 ? ` ${Math.round(100 * Math.abs(1 - own / rival))} %` : "";

export function forecastVerdict({ targets }: ForecastScores, paint: Paint): string {
  return targets
    .map(({ target, scores: [own, ...others] }) => {
      const rival = others.reduce((a, b) => (b.rmse < a.rmse ? b : a));
      const name = targets.length > 1 ? ` for ${target}` : "";
      if (alike(own.rmse, rival.rmse))
        return `${paint("yellow", "≈")} The ${own.method} does about as well as the ${rival.method} forecast${name} (RMSE, less than 1 % apart).`;
      const part = percent(own.rmse, rival.rmse);
      return own.rmse < rival.rmse
        ? `${paint("green", "✓")} The ${own.method} errs${part} less than the ${rival.method} forecast${name} (RMSE).`
        : `${paint("yellow", "!")} The ${own.method} errs${part} more than the ${rival.method} forecast${name} (RMSE): use that one, or train longer, with a longer window or more data.`;
    })
    .join("\n");
}

/** @param judged  what the scores are on: the beginning of a line */
export function languageTable(
  { characters, scores }: LanguageScores,
  judged: string,
  paint: Paint,
): string {
  const best = Math.min(...scores.map(({ bits }) => bits));
  const rows = scores.map(({ method, bits }) => [method, fixed(bits, 3), fixed(2 ** bits, 3)]);
  const style = (row: number, text: string) =>
    row < 0 ? paint("dim", text) : scores[row].bits === best ? paint("bold", text) : text;
  const head = ["", "bits per character", "perplexity"];
  return `${judged}: ${count(characters)} characters\n\n${table(head, rows, style)}`;
}

export function languageVerdict(
  { scores: [own, ...others] }: LanguageScores,
  paint: Paint,
): string {
  const rival = others.reduce((a, b) => (b.bits < a.bits ? b : a));
  if (alike(own.bits, rival.bits))
    return `${paint("yellow", "≈")} The ${own.method} does about as well as counting ${rival.method} (bits, less than 1 % apart).`;
  const part = percent(own.bits, rival.bits);
  return own.bits < rival.bits
    ? `${paint("green", "✓")} The ${own.method} needs${part} fewer bits than counting ${rival.method}.`
    : `${paint("yellow", "!")} The ${own.method} needs${part} more bits than counting ${rival.method}: train longer, or on more text.`;
}

/** The steps to come, as a table. */
export function futureTable(
  futures: readonly Future[],
  isDate: boolean,
  paint: Paint,
  most = Infinity,
): string {
  return futures
    .map(({ series, times, forecast, low, high }) => {
      const names = Object.keys(forecast);
      const head = [
        futures.length > 1 ? series : "time",
        ...names.flatMap((name) => (low ? [name, "80 % from", "to"] : [name])),
      ];
      const rows = byColumn([
        times.map((time) => timeText(time, isDate)),
        ...names.flatMap((name) => {
          const limits = low && high ? [low[name], high[name]] : [];
          return figuresTogether([forecast[name], ...limits]);
        }),
      ]).slice(0, most);
      return table(head, rows, (row, text) => (row < 0 ? paint("dim", text) : text));
    })
    .join("\n\n");
}

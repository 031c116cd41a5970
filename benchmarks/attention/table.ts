/** The points as tables, and the length from which attention costs more than the recurrence. */
import type { TargetName } from "retrograd";
import {
  BATCH,
  CONTENDERS,
  type Contender,
  type Point,
  SIZE,
  TARGETS,
  TIMES,
} from "./contenders.ts";

type Cost = "trainingMs" | "trainingBytes" | "streamingMs" | "streamingBytes";

const digits = (x: number): string => (x >= 1000 ? x.toFixed(0) : x.toPrecision(3));
const names = Object.keys(CONTENDERS) as Contender[];
const found = (points: readonly Point[], contender: Contender, target: TargetName, time: number) =>
  points.find((p) => p.contender === contender && p.target === target && p.time === time);

/**
 * Where a ratio passes 1, between two measured lengths on the straight line through the logarithms;
 * 0 where it is above from the start, Infinity where it never is.
 */
function passing(ratios: readonly { readonly time: number; readonly ratio: number }[]): number {
  const k = ratios.findIndex(({ ratio }) => ratio > 1);
  if (k <= 0) return k < 0 ? Infinity : 0;
  const [below, above] = [ratios[k - 1], ratios[k]];
  const share = Math.log(below.ratio) / Math.log(below.ratio / above.ratio);
  return below.time * (above.time / below.time) ** share;
}

/** The length at which attention begins to cost more than a recurrence. */
export function crossover(
  points: readonly Point[],
  target: TargetName,
  cost: Cost,
  recurrence: Contender = "lstm",
): number {
  const ratios = TIMES.flatMap((time) => {
    const [a, r] = (["transformer", recurrence] as const).map((name) =>
      found(points, name, target, time),
    );
    return a && r ? [{ time, ratio: a[cost] / r[cost] }] : [];
  });
  return passing(ratios);
}

/** The length at which a moment of a training step costs twice what it costs at best. */
export function doubling(points: readonly Point[], target: TargetName, name: Contender): number {
  const own = TIMES.flatMap((time) => found(points, name, target, time) ?? []);
  const each = own.map(({ trainingMs, time }) => ({ time, ms: trainingMs / time }));
  const least = Math.min(...each.map(({ ms }) => ms));
  const from = each.findIndex(({ ms }) => ms === least);
  return passing(each.slice(from).map(({ time, ms }) => ({ time, ratio: ms / (2 * least) })));
}

const told = (at: number): string =>
  at === 0
    ? `at every length from ${TIMES[0]}`
    : at === Infinity
      ? "at no length measured"
      : `from about ${Math.round(at).toLocaleString("en")} moments`;

function section(points: readonly Point[], target: TargetName): string[] {
  const columns = ["ms a training step", "MiB", "ms a moment of a stream", "MiB"];
  const cells = (p: Point | undefined): string[] =>
    p === undefined
      ? columns.map(() => "–")
      : [
          digits(p.trainingMs),
          (p.trainingBytes / 2 ** 20).toFixed(1),
          digits(p.streamingMs),
          (p.streamingBytes / 2 ** 20).toFixed(1),
        ];
  const head = names.flatMap((name) => columns.map((column) => `${name}: ${column}`));
  const rows = TIMES.map((time) => [
    time.toLocaleString("en"),
    ...names.flatMap((name) => cells(found(points, name, target, time))),
  ]);
  return [
    `On ${target}:`,
    "",
    `| ${["moments", ...head].join(" | ")} |`,
    `| ${Array(head.length + 1)
      .fill("---")
      .join(" | ")} |`,
    ...rows.map((row) => `| ${row.join(" | ")} |`),
    "",
  ];
}

export function tables(points: readonly Point[]): string {
  const costs: Readonly<Record<Cost, string>> = {
    trainingMs: "a training step takes longer",
    trainingBytes: "a training step needs more memory",
    streamingMs: "a moment of a stream takes longer",
    streamingBytes: "a stream needs more memory",
  };
  const summary = TARGETS.filter((target) => points.some((p) => p.target === target)).flatMap(
    (target) =>
      Object.entries(costs).map(([cost, what]) => {
        const from = (name: Contender) =>
          `${told(crossover(points, target, cost as Cost, name))} (${name})`;
        return `- ${target}: with attention ${what} than with a recurrence ${from("lstm")}, ${from("lru")}.`;
      }),
  );
  const grown = TARGETS.flatMap((target) => {
    const each = names.map((name) => `${told(doubling(points, target, name))} (${name})`);
    return points.some((p) => p.target === target)
      ? [
          `- ${target}: a moment of a training step costs twice what it costs at best ${each.join(", ")}.`,
        ]
      : [];
  });
  const size = `Size ${SIZE}, batch ${BATCH}; attention sees the whole sequence.`;
  return [
    size,
    "",
    ...summary,
    ...grown,
    "",
    ...TARGETS.flatMap((target) => section(points, target)),
  ].join("\n");
}

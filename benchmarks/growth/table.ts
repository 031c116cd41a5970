/** The points as tables: what a step costs, and what one unit of the axis costs. */
import type { TargetName } from "retrograd";
import { type Axis, BASE, type Point, SWEEPS, TARGETS } from "./sweeps.ts";

const NAMES: Readonly<Record<Axis, string>> = {
  time: "time steps",
  size: "hidden units",
  batch: "samples",
};
/** What one unit of the axis is, where the cost should be that of a unit times their number. */
const UNITS: Readonly<Partial<Record<Axis, string>>> = { time: "time step", batch: "sample" };

const digits = (x: number): string => (x >= 1000 ? x.toFixed(0) : x.toPrecision(3));

/** How the cost of one unit differs between the least and the most: 1 where cost is linear. */
export function growthOf(points: readonly Point[]) {
  const [first, last] = [points[0], points[points.length - 1]];
  const units = last.at / first.at;
  return {
    units,
    ms: last.ms / first.ms / units,
    peakBytes: last.peakBytes / first.peakBytes / units,
    compileMs: last.compileMs / first.compileMs,
  };
}

const pointsOf = (points: readonly Point[], axis: Axis, target: TargetName) =>
  points.filter((p) => p.axis === axis && p.target === target);

function section(axis: Axis, points: readonly Point[]): string[] {
  const unit = UNITS[axis];
  const columns = ["ms a step", ...(unit ? [`µs a ${unit}`] : []), "MiB", "ms to compile"];
  const cells = (p: Point | undefined): string[] => {
    if (p === undefined) return columns.map(() => "–");
    const each = unit ? [digits((p.ms * 1e3) / p.at)] : [];
    return [digits(p.ms), ...each, (p.peakBytes / 2 ** 20).toFixed(1), p.compileMs.toFixed(0)];
  };
  const head = TARGETS.flatMap((target) => columns.map((name) => `${target}: ${name}`));
  const rows = SWEEPS[axis].map((at) => [
    at.toLocaleString("en"),
    ...TARGETS.flatMap((target) => cells(pointsOf(points, axis, target).find((p) => p.at === at))),
  ]);
  const rest = (Object.keys(BASE) as Axis[]).filter((other) => other !== axis);
  const others = rest.map((other) => `${BASE[other]} ${NAMES[other]}`).join(", ");
  return [
    `Cost against ${NAMES[axis]} (${others}):`,
    "",
    `| ${[NAMES[axis], ...head].join(" | ")} |`,
    `| ${Array(head.length + 1)
      .fill("---")
      .join(" | ")} |`,
    ...rows.map((row) => `| ${row.join(" | ")} |`),
    "",
  ];
}

export function tables(points: readonly Point[]): string {
  const summary = TARGETS.flatMap((target) => {
    const own = pointsOf(points, "time", target);
    if (own.length < 2) return [];
    const { units, ms, peakBytes, compileMs } = growthOf(own);
    return [
      `- ${target}: with ${units.toLocaleString("en")} times as many time steps, each takes ` +
        `${digits(ms)} times as long and ${digits(peakBytes)} times as much memory, and ` +
        `compiling takes ${digits(compileMs)} times as long.`,
    ];
  });
  const all = (Object.keys(SWEEPS) as Axis[]).flatMap((axis) => section(axis, points));
  return [...summary, "", ...all].join("\n");
}

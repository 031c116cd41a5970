/** What was found as a page to keep: ratio first. */
import { cpus } from "node:os";
import type { Found, Row, Side } from "./contest.ts";
import type { Spread } from "./ratios.ts";

const digits = (x: number): string => (x >= 1000 ? x.toFixed(0) : x.toPrecision(3));
/** Microseconds below a tenth of a millisecond. */
function time({ median, low, high }: Spread): string {
  const [unit, scale] = median < 0.1 ? ["µs", 1e3] : ["ms", 1];
  return `${digits(median * scale)} ${unit} (${digits(low * scale)}–${digits(high * scale)})`;
}
const start = ({ startMs }: Side): string =>
  startMs === undefined ? "–" : `${Math.max(0, startMs).toFixed(0)}`;

function line({ ratio, case: name, target, ours, theirs, same }: Row): string {
  const shown = same === true ? "same" : same === false ? "**differs**" : same;
  const cells = [
    `**${digits(ratio.median)}** (${digits(ratio.low)}–${digits(ratio.high)})`,
    ...[name, target, time(ours.ms), theirs.title, time(theirs.ms)],
    ...[`${start(ours)} · ${start(theirs)}`, shown],
  ];
  return `| ${cells.join(" | ")} |`;
}

const HEAD = [
  "| times as fast (least–most) | case | target | ours | against | theirs | ms before the first step, ours · theirs | loss |",
  "| --- | --- | --- | --- | --- | --- | --- | --- |",
];

export function table({ rows, absent }: Found, command: string): string {
  const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} cores`;
  return [
    `Node ${process.version}, ${machine}: \`${command}\``,
    ...(rows.length ? ["", ...HEAD, ...rows.map(line)] : []),
    ...(absent.length ? ["", "Left out:", ""] : []),
    ...absent.map((one) => `- ${one.case}, ${one.title}: ${one.reason}`),
    "",
  ].join("\n");
}

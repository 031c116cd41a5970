/** Rows of figures as lines for people and as a page to keep. */
import { cpus } from "node:os";

export type Row = Readonly<Record<string, number | string | boolean>>;

const mebibytes = (bytes: unknown): string => `${(Number(bytes) / 2 ** 20).toFixed(1)} MiB`;
const percent = (share: unknown): string => `${(Number(share) * 100).toFixed(1)} %`;

/** The figures that all have in columns, the others behind. */
export function show(row: Row): string {
  const { case: name, target, shards, ms, gflops, ceiling, share, peakBytes, ...rest } = row;
  const more = Object.entries(rest).map(([k, v]) => `${k} ${v}`);
  if (ms === undefined) return `${name}: ${target}, ${more.join(", ")}`;
  return [
    String(name).padEnd(9),
    ` ${target}`.padEnd(8),
    `${ms} ms`.padStart(11),
    `${gflops} of ${ceiling} GFLOP/s`.padStart(26),
    percent(share).padStart(9),
    mebibytes(peakBytes).padStart(11),
    `  ${more.join(", ")}`,
  ].join("");
}

const HEAD = [
  "| case | target | share of the roofline | ms a step | GFLOP/s | ceiling | peak | compile |",
  "| --- | --- | --- | --- | --- | --- | --- | --- |",
];

function line(row: Row): string {
  const cells = [
    ...[row.case, row.target, `${percent(row.share)} (${row.bound})`, row.ms, row.gflops],
    ...[row.ceiling, mebibytes(row.peakBytes), `${row.compileMs} ms`],
  ];
  return `| ${cells.join(" | ")} |`;
}

/** All rows as Markdown, with the machine and the command that made them. */
export function table(rows: readonly Row[], given: readonly string[]): string {
  const timed = rows.filter((row) => row.ms !== undefined);
  const others = rows.filter((row) => row.ms === undefined);
  const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} cores`;
  const simd = timed.some((row) => row.relaxed) ? "relaxed SIMD" : "plain SIMD";
  return [
    `Node ${process.version} (${simd}), ${machine}: \`npm run bench -- ${given.join(" ")}\``,
    ...(timed.length ? ["", ...HEAD, ...timed.map(line)] : []),
    ...(others.length ? ["", ...others.map((row) => `- ${show(row)}`)] : []),
    "",
  ].join("\n");
}

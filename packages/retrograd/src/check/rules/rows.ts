/** Sequences of a batch have nothing to do with each other. */
import type { Bench } from "../bench.ts";
import { byHowMuch, type Rule, rowOf } from "./rule.ts";

export const rows: Rule = {
  code: "rows",
  virtue: "rows apart",
  promise: "Each sequence of a batch is computed as if it were alone.",
  severity: "fault",
  cure: "Sum, average and normalise over features or time, never over axis 0, and give each row a state of its own; a cell written with cell() is batched for you.",
  silent: ({ subject }) =>
    subject.rows === undefined
      ? "a step has no axis for rows"
      : subject.rows < 2
        ? "there is one sequence only"
        : undefined,
  broken: (bench) => neighbours(bench) ?? alone(bench),
};

/** Other numbers in one row leave the others as they are. */
function neighbours(bench: Bench): string | undefined {
  const last = bench.subject.rows! - 1;
  const [before, after] = [
    bench.plain,
    bench.run({ inputs: bench.altered((row) => row === last) }),
  ];
  const found = bench.apart(
    [...before.output, ...before.state],
    [...after.output, ...after.state],
    ({ shape }, at) => rowOf(shape, at) !== last,
  );
  return (
    found &&
    `The ${found.leaf} of other rows changes, ${byHowMuch(found.relative)}, when the inputs of row ${last} do.`
  );
}

/** A row by itself gives what it gives in a batch. */
function alone(bench: Bench): string | undefined {
  const { rows: count, time } = bench.subject;
  const all = bench.plain;
  for (const row of [0, count! - 1]) {
    const own = bench.run({ inputs: bench.part(0, time, [row, row + 1]) });
    const within = [...all.output, ...all.state].map((leaf) => {
      const size = leaf.data.length / count!;
      return { ...leaf, data: leaf.data.subarray(row * size, (row + 1) * size) };
    });
    const found = bench.apart([...own.output, ...own.state], within);
    if (found)
      return `Row ${row} alone gives another ${found.leaf} than within a batch of ${count} (${byHowMuch(found.relative)}).`;
  }
  return undefined;
}

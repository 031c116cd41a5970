/** The linter: every seeded fault is found, no sound model is accused, and docs/checks.md says so. */
import { fileURLToPath } from "node:url";
import * as cells from "retrograd/cells";
import { type Cell, isCell, typesOfCell } from "retrograd/cells";
import { expect, test } from "vitest";
import { lint } from "../../src/check/index.ts";
import { rules } from "../../src/check/rules/index.ts";
import { checksPage, type Tally } from "./checksPage.ts";
import { faults } from "./faults.ts";
import { sound } from "./sound.ts";

const found: Tally["found"][number][] = [];
const accused: Tally["accused"][number][] = [];

test.each(faults)("found ($rule): $slip", ({ rule, slip, model, given }) => {
  const { findings, sound: fine } = lint(model(), given);
  const own = findings.find(({ code }) => code === rule);
  found.push({ rule, slip, sentence: own?.sentence });
  expect(findings.map(({ code }) => code)).toContain(rule);
  expect(own!.sentence).toMatch(/^[A-Z].*\.$/);
  expect(fine).toBe(findings.every(({ severity }) => severity !== "fault"));
});

test.each(sound)("nothing is wrong: $name", ({ name, model, given }) => {
  const { findings, kept, silent } = lint(model(), given);
  accused.push({ name, findings: findings.map(({ code }) => code) });
  expect(findings).toEqual([]);
  expect(kept.length + silent.length).toBe(rules.length);
  expect(kept.length).toBeGreaterThan(5);
});

/** Every cell that there is, with no other options than its sizes. */
const known = Object.entries(cells).flatMap(([name, make]): [string, Cell][] => {
  try {
    const own = (make as (options: object) => unknown)({ size: 4, input: 4 });
    if (!isCell(own)) return [];
    typesOfCell(own as Cell, { shape: [4], dtype: "float64" }, "float64");
    return [[name, own as Cell]];
  } catch {
    return []; // no cell, one of other cells, or one that must be told more
  }
});
test.each(known)("no fault in the cell %s", (_, own) => {
  const { findings } = lint(own);
  expect(findings.filter(({ severity }) => severity === "fault")).toEqual([]);
});
test("these are the cells", () => {
  const names = known.map(([name]) => name);
  expect(names).toEqual(expect.arrayContaining(["rnn", "gru", "lstm"]));
});

test("docs/checks.md says what was found here: vitest -u writes it", async () => {
  const page = checksPage({ found, accused });
  const path = fileURLToPath(new URL("../../../../docs/checks.md", import.meta.url));
  await expect(page).toMatchFileSnapshot(path);
});

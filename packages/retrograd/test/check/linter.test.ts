/** The linter: every seeded fault is found, no sound model is accused, and docs/checks.md says so. */
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { lint } from "../../src/check/index.ts";
import { rules } from "../../src/check/rules/index.ts";
import { checksPage, type Tally } from "./checksPage.ts";
import { faults } from "./faults.ts";
import { sound } from "./sound.ts";

/** Enough for every rule, and quick. */
const few = { steps: 5 };

const found: Tally["found"][number][] = [];
const accused: Tally["accused"][number][] = [];

test.each(faults)("found ($rule): $slip", ({ rule, slip, model, given }) => {
  const { findings, sound: fine } = lint(model(), { ...few, ...given });
  const own = findings.find(({ code }) => code === rule);
  found.push({ rule, slip, sentence: own?.sentence });
  expect(findings.map(({ code }) => code)).toContain(rule);
  expect(own!.sentence).toMatch(/^[A-Z].*\.$/);
  expect(fine).toBe(findings.every(({ severity }) => severity !== "fault"));
});

test.each(sound)("nothing is wrong: $name", ({ name, model, given }) => {
  const { findings, kept, silent } = lint(model(), { ...few, ...given });
  accused.push({ name, findings: findings.map(({ code }) => code) });
  expect(findings).toEqual([]);
  expect(kept.length + silent.length).toBe(rules.length);
  expect(kept.length).toBeGreaterThan(5);
});

test("docs/checks.md says what was found here: vitest -u writes it", async () => {
  const page = checksPage({ found, accused });
  const path = fileURLToPath(new URL("../../../../docs/checks.md", import.meta.url));
  await expect(page).toMatchFileSnapshot(path);
});

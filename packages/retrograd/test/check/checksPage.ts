/** docs/checks.md: what is checked, and how often the linter is right and wrong, as the tests found. */
import { rules } from "../../src/check/rules/index.ts";

export interface Tally {
  /** Seeded faults, with what the rule said where it found them. */
  readonly found: readonly { rule: string; slip: string; sentence: string | undefined }[];
  /** Sound models, with the rules that accused them. */
  readonly accused: readonly { name: string; findings: readonly string[] }[];
}

const percent = (part: number, whole: number): string => `${Math.round((100 * part) / whole)} %`;

/** By how much is left out: it depends on the last bit of the machine, or on chance. */
const withoutAmounts = (sentence: string): string =>
  sentence.replace(/,? \(?by [^ ]+( %)? of its size[,)]?/, "");

export function checksPage({ found, accused }: Tally): string {
  const detected = found.filter(({ sentence }) => sentence !== undefined).length;
  const falsely = accused.filter(({ findings }) => findings.length > 0).length;
  const rows = rules.map(
    ({ code, promise, severity }) => `| \`${code}\` | ${promise} | ${severity} |`,
  );
  const seeded = found.map(
    ({ rule, slip, sentence }) =>
      `| \`${rule}\` | ${slip} | ${sentence ? withoutAmounts(sentence) : "not found"} |`,
  );
  return `${INTRODUCTION}
## Rules

| rule | promise | broken |
| --- | --- | --- |
${rows.join("\n")}

## How often it is right

${detected} of ${found.length} faults that were written on purpose are found (${percent(detected, found.length)}); ${falsely} of ${accused.length} sound models are accused (${percent(falsely, accused.length)}).
The tests write this page from what they find.

| rule | the slip | what is said |
| --- | --- | --- |
${seeded.join("\n")}

Sound models, beside every cell of \`retrograd/cells\`: ${accused.map(({ name }) => name).join("; ")}.
`;
}

const INTRODUCTION = `# Checks

\`retrograd/check\` asks three questions of *your* model (a model of layers, one of your own, a cell, or the step of a scan), on a
few short sequences, in a second or two. \`retrograd check RUN\` asks them of a trained one.

1. **Does its gradient agree?** \`certify\` computes it in six ways that share as little as possible, and compares them at every parameter and
   every time step: through the loop, with windows that are computed again, with every step written out, compiled, forward, and by differences
   that know no derivative rule. Where one is off, the op whose rule is wrong is named.
2. **Does it keep its promises?** \`lint\` holds it to the rules below.
3. **How far back must the gradient go?** \`measureTruncation\` compares the gradient of truncated backpropagation with the exact one, for
   windows of 8, 16, … steps, and says which window is enough.

A kink (relu at 0, the maximum of equal numbers) is no fault: slopes on both sides are compared, it is said, and the place is judged at a
point beside it. What \`stopGradient\` takes away is held fixed by the differences, and said.
`;

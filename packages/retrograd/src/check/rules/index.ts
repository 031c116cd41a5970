/** All rules, in the order in which a report names them. */
import { lookAhead } from "./lookAhead.ts";
import { padding, paddingNaN } from "./padding.ts";
import { chunks, reset, stream } from "./pieces.ts";
import { dropout, fixedNoise, repeat } from "./randomness.ts";
import { rows } from "./rows.ts";
import type { Rule } from "./rule.ts";
import { finite, paramsRead, stateMoves, stateRead } from "./unused.ts";

export const rules: readonly Rule[] = [
  ...[repeat, finite, lookAhead, rows, padding, paddingNaN, chunks, stream, reset],
  ...[dropout, fixedNoise, stateMoves, stateRead, paramsRead],
];

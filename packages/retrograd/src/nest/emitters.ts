/**
 * Ops that become loops of their own kind, each by its name. Those that every program may need are
 * here from the start; others are registered by the function that records them (jit/learned.ts).
 */
import type { Node } from "../tensor/tensor.ts";
import { emitIndexed } from "./indexed.ts";
import type { Places } from "./places.ts";

export type Emitter = (l: Places, node: Node) => void;

const emitters = new Map<string, Emitter>(
  ["topK", "gather", "scatterAdd"].map((name) => [name, emitIndexed]),
);

export function registerEmitter(op: string, emit: Emitter): void {
  emitters.set(op, emit);
}

export const emitterOf = (op: string): Emitter => emitters.get(op)!;

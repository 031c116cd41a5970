/** Messages of what programs need beside the thread that calls them: a compiler, other threads. */
import { type Fail, failFrom } from "../errors.ts";
import { compilerMessages } from "./compiler.ts";

export const targetMessages = {
  "compiler-failed": {
    text: (o: { command: string; said: string }) =>
      `The C compiler ${o.command} made no program: ${o.said}.`,
    cure: () => `Use target: "wasm", or name another compiler in CC (gcc or clang).`,
  },
  "shard-lost": {
    text: (o: { shard: number | undefined; reason: string }) =>
      `${o.shard === undefined ? "A shard" : `Shard ${o.shard}`} of the program was lost: ${o.reason}.`,
    cure: () =>
      `The program and what it held cannot be used any more: go on from the last checkpoint (train.resume), or compile it again.`,
  },
} as const;

const messages = { ...compilerMessages, ...targetMessages };
export const fail: Fail<typeof messages> = failFrom(messages);

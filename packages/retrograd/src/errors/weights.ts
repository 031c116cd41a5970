/** Messages of weights as files. */
import { type Fail, failFrom } from "../errors.ts";
import { compilerMessages } from "./compiler.ts";

export const weightMessages = {
  "weights-damaged": {
    text: (o: { reason: string; cure: string }) =>
      `These are not the bytes of a safetensors file: ${o.reason}.`,
    cure: (o: { cure: string }) => o.cure,
  },
  "weights-missing": {
    text: (o: { what: string; missing: string; extra: string }) =>
      `${o.what}: ${[
        o.missing && `the weights lack ${o.missing}`,
        o.extra && `nothing in the model takes ${o.extra}`,
      ]
        .filter(Boolean)
        .join(", and ")}.`,
    cure: () => `Build the model with the layers and options that the weights were made for.`,
  },
} as const;

const messages = { ...compilerMessages, ...weightMessages };
export const fail: Fail<typeof messages> = failFrom(messages);

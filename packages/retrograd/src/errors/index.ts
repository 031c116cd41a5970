/**
 * Every message a user can see, by code: the catalogues of all floors in one, for documentation and
 * for programs that show them. No floor imports it, so a page carries the messages it can raise.
 */
import { compilerMessages } from "./compiler.ts";
import { dataMessages } from "./data.ts";
import { fileMessages } from "./files.ts";
import { layerMessages } from "./layers.ts";
import { loopMessages } from "./loops.ts";
import { methodMessages } from "./methods.ts";
import { targetMessages } from "./targets.ts";
import { tasksMessages } from "./tasks.ts";
import { trainingMessages } from "./training.ts";
import { weightMessages } from "./weights.ts";

export const messages = {
  ...compilerMessages,
  ...loopMessages,
  ...targetMessages,
  ...layerMessages,
  ...weightMessages,
  ...trainingMessages,
  ...methodMessages,
  ...fileMessages,
  ...dataMessages,
  ...tasksMessages,
};
export type Code = keyof typeof messages;

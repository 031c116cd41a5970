/** Methods of sending credit back through time, one per file. */
export { bptt } from "./bptt.ts";
export { truncated } from "./truncated.ts";

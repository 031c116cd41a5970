/** The targets that run here; one that is missing is printed with its reason. */
import type { TargetName } from "../../src/jit/jit.ts";
import { targetNamed } from "../../src/jit/target.ts";

export const targets: TargetName[] = (["reference", "wasm"] as const).filter((name) => {
  try {
    targetNamed(name);
    return true;
  } catch (error) {
    console.log(`target ${name} is skipped: ${(error as Error).message}`);
    return false;
  }
});

/** All cases: each file of cases/ exports one, or a family of them named FAMILY/…. */
import { readdirSync } from "node:fs";
import type { Case } from "./case.ts";

export async function allCases(): Promise<Case[]> {
  const files = readdirSync(new URL("cases", import.meta.url)).filter((f) => f.endsWith(".ts"));
  const modules = files.sort().map((file) => import(`./cases/${file}`));
  return (await Promise.all(modules)).flatMap(({ benchmark }) => benchmark as Case | Case[]);
}

/** True where a case or its family has that name. */
export const isNamed = ({ name }: Case, given: string): boolean =>
  name === given || name.startsWith(`${given}/`);

/**
 * The one check that every length and count of this folder goes through before any
 * memory is taken.
 */
import { fail } from "../errors/data.ts";

/**
 * Refuse lengths and counts that are no whole numbers above 0.
 * @throws "option-positive"
 */
export function requirePositive(options: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(options))
    if (!Number.isSafeInteger(value) || value < 1) fail("option-positive", { name, value });
}
